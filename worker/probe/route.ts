import { Hono } from "hono";
import type { z } from "zod";
import type { Slug } from "../../shared/schema/names.ts";
import { type ProbeAnswer, probeQuestion } from "../../shared/schema/probe.ts";
import { bearerOf } from "../crypto/tokens.ts";
import type { Env } from "../env.ts";
import { parseKey } from "../evaluation/edge/bearer-keys.ts";
import { hasTrial, keepTrial } from "../evaluation/edge/centre-cache.ts";
import { isolateColo, isolateEdge } from "../evaluation/edge/isolate.ts";
import { EVALUATION_PATH, ofrep } from "../evaluation/ofrep.ts";
import { openStreamsOf } from "../evaluation/streams.ts";
import { jsonDepth, readBody } from "../http/body.ts";
import { ProblemError } from "../http/problem.ts";
import { kvSnapshotStore, snapshotKey } from "../kv/snapshot-store.ts";
import { fieldIssues } from "../objects/flag-store/decide/parse.ts";
import { DurableBusy } from "../objects/kernel/durable-stub.ts";
import { flagStore } from "../objects/stubs.ts";

/**
 * `POST /v1/probe`: one evaluation as any app makes it, and what the isolate that answered knows of itself. For
 * `npm run verify:deployment`; server keys only, within their rate.
 */
export const probes = new Hono<{ Bindings: Env }>().post("/", async (c) => {
  const { env } = c;
  const token = bearerOf(c.req.raw.headers);
  const named = token === null ? null : parseKey(token, env);
  if (named === null || named.kind !== "server")
    throw new ProblemError(401, "unauthenticated", "Send a server key as Authorization: Bearer KEY");
  const question = await readQuestion(c.req.raw);
  const execution = c.executionCtx as ExecutionContext;
  isolateEdge(env, c.req.raw);
  const evaluated = await evaluate(c.req.raw, env, execution);
  const text = await evaluated.text();
  // Keys that open nothing, and those that ask too often, are answered as any evaluation is.
  if (!evaluated.ok) return new Response(text, evaluated);
  return c.json(await answerTo(question, named, text, env), 200, { "Cache-Control": "no-store" });
});

type Question = z.output<typeof probeQuestion>;
interface Place {
  readonly project: Slug;
  readonly environment: Slug;
}

const BODY_BYTES = 16_384;

async function readQuestion(request: Request): Promise<Question> {
  const text = await readBody(request, BODY_BYTES);
  if (text === null) throw new ProblemError(413, "body-too-large", `The body is larger than ${BODY_BYTES} bytes`);
  const parsed = probeQuestion.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  throw new ProblemError(422, "invalid", "Some fields are not valid", {
    errors: fieldIssues(parsed.error).slice(0, 50),
  });
}

function parse(text: string): unknown {
  try {
    return text === "" ? {} : jsonDepth(text) > 4 ? null : JSON.parse(text);
  } catch {
    throw new ProblemError(400, "json-invalid", "The body is not valid JSON");
  }
}

/** The way of every evaluation, past none of its checks. */
function evaluate(request: Request, env: Env, execution: ExecutionContext): Promise<Response> {
  const url = new URL(EVALUATION_PATH, request.url).href;
  const headers = { Authorization: `Bearer ${bearerOf(request.headers)}`, "Content-Type": "application/json" };
  const body = '{"context":{"targetingKey":"probe"}}';
  return ofrep(new Request(url, { method: "POST", headers, body, cf: request.cf } as RequestInit), url, env, execution);
}

async function answerTo(
  question: Question,
  { project, environment }: Place,
  bulk: string,
  env: Env,
): Promise<ProbeAnswer> {
  const { flags, pointerReads, readKv, keep, look } = question;
  if (keep !== undefined) await keepTrial(keep);
  return {
    colo: isolateColo() ?? "unknown",
    isolate: isolateName(),
    version: env.VERSION?.id ?? null,
    values: valuesOf(flags, bulk),
    openStreams: openStreamsOf(project),
    ...(pointerReads > 0 ? { pointer: await readPointer(env, project, pointerReads) } : {}),
    ...(readKv ? { kv: await readPublished(env, project, environment) } : {}),
    ...(look === undefined ? {} : { kept: await hasTrial(look) }),
  };
}

function valuesOf(wanted: readonly string[], bulk: string): Record<string, unknown> {
  const { flags } = JSON.parse(bulk) as { flags: { key: string; value?: unknown }[] };
  const byKey = new Map(flags.map(({ key, value }) => [key, value]));
  return Object.fromEntries(wanted.filter((key) => byKey.has(key)).map((key) => [key, byKey.get(key)]));
}

let name: string | undefined;
/** Random values cannot be had before the first request. */
function isolateName(): string {
  name ??= crypto.randomUUID().slice(0, 8);
  return name;
}

async function readPointer(env: Env, project: Slug, times: number): Promise<NonNullable<ProbeAnswer["pointer"]>> {
  const counts = { answered: 0, refused: 0, failed: 0, longestMs: 0 };
  const read = async () => {
    const began = Date.now();
    const outcome = await flagStore(env, project)
      .pointer()
      .then(() => "answered" as const)
      .catch((error) => (error instanceof DurableBusy || refusal(error) ? ("refused" as const) : ("failed" as const)));
    counts[outcome]++;
    counts.longestMs = Math.max(counts.longestMs, Date.now() - began);
  };
  await Promise.all(Array.from({ length: times }, read));
  return counts;
}

/** The store turns away what it has no room for, by its rate of reads. */
const refusal = (error: unknown): boolean => String(error).endsWith(" answered 503");

async function readPublished(env: Env, project: Slug, environment: Slug): Promise<NonNullable<ProbeAnswer["kv"]>> {
  try {
    const named = (await flagStore(env, project).pointer())?.environments[environment];
    if (named === undefined) return "failed";
    const key = snapshotKey(project, environment, named.revision, named.hash);
    return (await kvSnapshotStore(env.SNAPSHOTS).get(key)) === null ? "null" : "found";
  } catch {
    return "failed";
  }
}
