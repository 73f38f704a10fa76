import { servedChange } from "../../shared/rules/change.ts";
import type { SnapshotKey } from "../../shared/schema/snapshot.ts";
import { bearerOf } from "../crypto/tokens.ts";
import type { Env } from "../env.ts";
import { type ParsedKey, parseKey } from "../evaluation/edge/bearer-keys.ts";
import { isolateEdge } from "../evaluation/edge/isolate.ts";
import { waitOfOther } from "../evaluation/edge/key-limits.ts";
import type { CurrentOptions, Loaded } from "../evaluation/edge/loaded.ts";
import { ProblemError } from "../http/problem.ts";

/** Who reads, and what there is to read. */
export interface Reader {
  readonly key: SnapshotKey;
  readonly loaded: Loaded;
}

/** A request of a process that evaluates by itself. */
export interface RulesRequest {
  readonly request: Request;
  readonly env: Env;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** So old (ms) may be what the edge knows where a process has heard of something newer. */
const HEARD_MS = 50;

/**
 * Whose key it is, and the environment as this isolate knows it. Throws a problem for a key that may not read rules.
 *
 * @param told the change that a message named: an edge that knows another one is refreshed first
 */
export async function admitReader(call: RulesRequest, told: number | null = null): Promise<Reader> {
  const { request, env, waitUntil } = call;
  const token = bearerOf(request.headers);
  const named = token === null ? null : parseKey(token, env);
  if (token === null || !named) throw unauthenticated();
  const edge = isolateEdge(env, request);
  const loaded = await known(call, named, {});
  const key = loaded.keys.find(token);
  if (!key) throw unauthenticated();
  const wait = waitOfOther(env, loaded, key, waitUntil);
  if (wait > 0)
    throw new ProblemError(429, "rate-limited", "This key asks too often", {}, { "Retry-After": String(wait) });
  if (key.kind !== "server" || key.rules !== true) throw mayNotRead(key);
  const change = servedChange(edge.held(loaded.project)?.pointer, loaded.environment, loaded);
  const isBehind = told !== null && told !== change;
  return { key, loaded: isBehind ? await known(call, named, { maxAgeMs: HEARD_MS }) : loaded };
}

async function known(
  { request, env, waitUntil }: RulesRequest,
  { project, environment, vouched }: ParsedKey,
  options: CurrentOptions,
): Promise<Loaded> {
  const found = await isolateEdge(env, request).current(project, environment, waitUntil, { ...options, vouched });
  if (found === "missing") throw unauthenticated();
  if (found === "unreachable") throw notNow();
  return found;
}

/** For a moment in which neither the store nor a copy can be had: the asker goes on with what it has. */
export const notNow = (): ProblemError =>
  new ProblemError(
    503,
    "rules-unavailable",
    "The rules cannot be had at the moment",
    { detail: "Go on with those that you have, and ask again after Retry-After." },
    { "Retry-After": "2" },
  );

const unauthenticated = () =>
  new ProblemError(
    401,
    "unauthenticated",
    "Send a server key that is in force",
    { detail: "Authorization: Bearer KEY or X-API-Key: KEY" },
    { "WWW-Authenticate": 'Bearer realm="blastdoor"' },
  );

const mayNotRead = ({ kind }: SnapshotKey) =>
  new ProblemError(403, "rules-not-allowed", `This ${kind} key may not read rules`, {
    detail:
      'Create a server key that may, {"kind": "server", "rules": true}, for processes that evaluate by themselves. Other keys evaluate at the edge, through OFREP.',
  });
