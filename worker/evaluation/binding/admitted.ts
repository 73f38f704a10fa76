import type { Audience, Subject } from "../../../shared/evaluation/run/evaluate.ts";
import type { Preview } from "../../../shared/evaluation/run/preview.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { parseSlug, type Slug } from "../../../shared/schema/names.ts";
import { openPreviews, PREVIEW_ATTRIBUTE } from "../../crypto/preview-token.ts";
import type { Env } from "../../env.ts";
import { networkAttributes } from "../../http/edge-attributes.ts";
import { contextIn, isFault } from "../context-text.ts";
import { isolateEdge } from "../edge/isolate.ts";
import { isolateUsage } from "../edge/isolate-usage.ts";
import type { Loaded } from "../edge/loaded.ts";
import { needsTrust, trustedContext } from "../signed-context.ts";
import { listedSubject } from "../subject.ts";

/** Whom a binding asks for, and what it runs with. */
export interface Place {
  /** Whatever the other Worker's configuration says. */
  readonly props: unknown;
  readonly env: Env;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

export type ErrorCode = "FLAG_NOT_FOUND" | "TYPE_MISMATCH" | "PARSE_ERROR" | "INVALID_CONTEXT" | "GENERAL";

/** Why nothing is evaluated. */
export class Failure {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;

  constructor(errorCode: ErrorCode, errorMessage: string) {
    this.errorCode = errorCode;
    this.errorMessage = errorMessage;
  }
}

/** A call whose environment is known and whose context may be evaluated. */
export interface Admitted {
  readonly loaded: Loaded;
  readonly subject: Subject;
  /** Over the rules, from tokens in the context. */
  readonly previews: readonly Preview[];
}

/** @param flag null: all */
export async function admit(
  place: Place,
  sent: unknown,
  audience: Audience,
  flag: string | null,
): Promise<Admitted | Failure> {
  const named = namesIn(place.props);
  if (named instanceof Failure) return named;
  const loaded = await loadedFor(place, named);
  if (loaded instanceof Failure) return loaded;
  const read = readContext(sent);
  if (read instanceof Failure) return read;
  // A binding is trusted as a server key is, so only what is signed has to be checked.
  const trusted = needsTrust({}, read) ? trustedContext(loaded, {}, read, Date.now()) : { context: read };
  if ("refused" in trusted) return new Failure("INVALID_CONTEXT", trusted.refused);
  const { context } = trusted;
  const now = Date.now();
  const previews = context[PREVIEW_ATTRIBUTE] === undefined ? [] : await previewsIn(loaded, context, now);
  if (previews.length === 0) noteUsage(place, loaded, flag, context, now);
  if (loaded.compiled.readsEdge) adoptNetwork(context);
  const { env, waitUntil } = place;
  const subject = await listedSubject(env, loaded, context, now, audience, waitUntil, flag ?? undefined);
  return { loaded, subject, previews };
}

interface Names {
  project: Slug;
  environment: Slug;
}

function namesIn(props: unknown): Names | Failure {
  const { project, environment } = (props ?? {}) as Record<string, unknown>;
  const slug = (name: unknown) => (typeof name === "string" ? parseSlug(name) : null);
  const names = { project: slug(project), environment: slug(environment) };
  for (const [name, value] of Object.entries(names))
    if (value === null)
      return new Failure(
        "GENERAL",
        `the binding's props need "${name}", as in props = { project = "shop", environment = "production" }`,
      );
  return names as Names;
}

async function loadedFor({ env, waitUntil }: Place, { project, environment }: Names): Promise<Loaded | Failure> {
  // Only those who deploy Workers to the account write props: nobody has made the names up.
  const known = await isolateEdge(env).current(project, environment, waitUntil, { vouched: true });
  if (known === "missing")
    return new Failure("GENERAL", `there is no environment "${environment}" of a project "${project}"`);
  if (known === "unreachable") return new Failure("GENERAL", "no flags could be read yet; try again in a moment");
  return known;
}

/** Through text, as over HTTP: the same limits hold, and what is no JSON becomes what JSON makes of it. */
function readContext(sent: unknown): Record<string, unknown> | Failure {
  let text: string;
  try {
    text = JSON.stringify({ context: sent });
  } catch {
    return new Failure("INVALID_CONTEXT", "the context must be JSON, without bigints and circles");
  }
  if (text.length > LIMITS.evaluationBodyBytes || new TextEncoder().encode(text).length > LIMITS.evaluationBodyBytes)
    return new Failure("INVALID_CONTEXT", `the context is larger than ${LIMITS.evaluationBodyBytes} bytes`);
  const context = contextIn(text);
  return isFault(context) ? new Failure(context.errorCode, context.fault) : context;
}

async function previewsIn(loaded: Loaded, context: Record<string, unknown>, now: number): Promise<readonly Preview[]> {
  return (await openPreviews(loaded, context)).filter(({ expires }) => now < expires);
}

function noteUsage(
  { env, waitUntil }: Place,
  loaded: Loaded,
  flag: string | null,
  context: Record<string, unknown>,
  now: number,
): void {
  const ageMs = isolateEdge(env).age(loaded.project, now);
  const shape = flag === null ? "bulk" : "one";
  isolateUsage(env).note(loaded, flag, context, { kind: "server", keyId: null, shape, ageMs }, now, waitUntil);
}

const NETWORK = "edge.";

/**
 * `edge.*` of the visitor, whose request only the calling Worker has: as `edgeOf` of the package sends it, flat, because
 * Flagship's provider drops objects. A Worker of the account is believed.
 */
function adoptNetwork(context: Record<string, unknown>): void {
  const flat = Object.keys(context).filter((name) => name.startsWith(NETWORK));
  if (flat.length === 0) return;
  const sent = Object.fromEntries(flat.map((name) => [name.slice(NETWORK.length), context[name]]));
  const { userAgent = "", ip, ...properties } = sent;
  const known = networkAttributes(properties, String(userAgent), typeof ip === "string" ? ip : null);
  context.edge = { ...known, ...(context.edge as object | undefined) };
}
