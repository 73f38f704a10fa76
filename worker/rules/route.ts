import { type Context, Hono } from "hono";
import { z } from "zod";
import { RULES_READER, readerState } from "../../shared/rules/readers.ts";
import { keyName } from "../../shared/schema/names.ts";
import { USAGE_REPORT_FLAGS } from "../../shared/schema/usage.ts";
import { fromBase64 } from "../crypto/base64.ts";
import type { Env } from "../env.ts";
import { isolateEdge } from "../evaluation/edge/isolate.ts";
import { isolateUsage } from "../evaluation/edge/isolate-usage.ts";
import { readBody } from "../http/body.ts";
import { holds } from "../http/made-once.ts";
import { ProblemError } from "../http/problem.ts";
import { listShardKey, readListShard } from "../kv/list-shards.ts";
import { flagStore } from "../objects/stubs.ts";
import { within } from "../within.ts";
import { admitReader, notNow, type RulesRequest } from "./admit.ts";
import { headOf, RecentRules } from "./recent-rules.ts";
import { rulesSource } from "./source.ts";

/** What processes call that evaluate by themselves, with a server key that may read rules. */
export const rules = new Hono<{ Bindings: Env }>();

const recent = new RecentRules();
/** A shard that takes longer (ms) counts as out of reach. */
const SHARD_MS = 5_000;
const USAGE_BYTES = 256 * 1024;

type C = Context<{ Bindings: Env }>;
const callOf = (c: C): RulesRequest => ({
  request: c.req.raw,
  env: c.env,
  waitUntil: (work) => c.executionCtx.waitUntil(work),
});

/** `?reader=1[&from=VERSION][&change=N]`: the rules; to a process that holds `from`, what changed since. */
rules.get("/rules", async (c) => {
  requireReader(c.req.query("reader"));
  const told = Number(c.req.query("change") ?? 0);
  const { loaded } = await admitReader(callOf(c), Number.isSafeInteger(told) && told > 0 ? told : null);
  const source = await rulesSource(loaded, c.env, c.req.raw);
  const head = headOf(source);
  const etag = `"${head.version}"`;
  const ageMs = isolateEdge(c.env, c.req.raw).age(loaded.project, Date.now());
  const headers = {
    ETag: etag,
    "Cache-Control": "no-store",
    // How old what this edge knows is: the process adds its own.
    Age: String(Number.isFinite(ageMs) ? Math.floor(ageMs / 1_000) : OLD_S),
  };
  const from = c.req.query("from") ?? null;
  if (from === head.version || holds(c.req.header("If-None-Match"), etag)) return c.body(null, 304, headers);
  const answer = recent.answer(head, source.blocks, from);
  return c.body(answer, 200, { ...headers, "Content-Type": "application/json" });
});

/** Of a copy whose age nobody knows: older than any `onStale` may ask for. */
const OLD_S = 86_400;

/** One shard of a long list that the rules name: sorted 64-bit hashes. */
rules.get("/lists/:segment/:version/:shard", async (c) => {
  const call = callOf(c);
  const { loaded } = await admitReader(call);
  const { segment, version, shard } = c.req.param();
  const index = Number(shard);
  const list = loaded.compiled.lists.find((one) => one.segment === segment);
  if (!list || version === "" || list.source.shards[index] !== version || String(index) !== shard)
    throw new ProblemError(404, "list-not-found", "The rules name no such part of a list", {
      detail: "It was changed since: read the rules again.",
    });
  const { project } = loaded;
  const read = async (work: Promise<ArrayBuffer | null>) => within(SHARD_MS, work).catch(() => null);
  const bytes =
    (await read(readListShard(c.env.SNAPSHOTS, listShardKey(project, list.segment, version, index)))) ??
    (await read(
      flagStore(c.env, project)
        .listShard(list.segment, index, version)
        .then((text) => (text === null ? null : fromBase64(text).buffer)),
    ));
  if (bytes === null) throw notNow();
  return c.body(bytes, 200, {
    "Content-Type": "application/octet-stream",
    "Cache-Control": "private, max-age=31536000, immutable",
  });
});

const usageBody = z.object({ flags: z.array(keyName).max(USAGE_REPORT_FLAGS) });

/** Which flags a process has evaluated since it last said so. */
rules.post("/usage", async (c) => {
  const call = callOf(c);
  const { loaded } = await admitReader(call);
  const text = await readBody(c.req.raw, USAGE_BYTES);
  if (text === null) throw new ProblemError(413, "body-too-large", `The body is larger than ${USAGE_BYTES} bytes`);
  const parsed = usageBody.safeParse(parsedJson(text));
  if (!parsed.success)
    throw new ProblemError(400, "invalid", "Some fields are not valid", {
      errors: [{ field: "flags", message: `keys of flags, at most ${USAGE_REPORT_FLAGS}, as {"flags": ["checkout"]}` }],
    });
  const flags = parsed.data.flags.filter((flag) => loaded.compiled.flags.has(flag));
  isolateUsage(c.env).elsewhere(loaded, flags, Date.now(), call.waitUntil);
  return c.body(null, 204);
});

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function requireReader(asked: string | undefined): void {
  const reader = Number(asked);
  if (asked === undefined || !Number.isSafeInteger(reader) || reader < 1)
    throw new ProblemError(400, "invalid", "Say which form of the rules you read", {
      errors: [{ field: "reader", message: `send ?reader=${RULES_READER}` }],
    });
  const state = readerState(reader, Date.now());
  if (state.is === "unknown")
    throw new ProblemError(406, "reader-unknown", `This Blastdoor writes rules for reader ${RULES_READER} at most`, {
      detail: `Reader ${reader} is of a later version: deploy that version, or use an earlier @blastdoor/server.`,
    });
  if (state.is === "over")
    throw new ProblemError(410, "reader-over", `Rules for reader ${reader} were served until ${state.since}`, {
      detail: "Update @blastdoor/server: each form is served for twelve months after the next.",
    });
}
