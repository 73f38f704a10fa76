import type { EvaluationContext, JsonValue } from "@openfeature/server-sdk";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { identityText, readAttribute } from "../../shared/evaluation/attribute.ts";
import { compile } from "../../shared/evaluation/compile/compile.ts";
import { re2 } from "../../shared/evaluation/operators/regex/regex.ts";
import { evaluateAll } from "../../shared/evaluation/run/bulk.ts";
import { prepare } from "../../shared/evaluation/run/evaluate.ts";
import { anyContext, anySnapshot, FLAGS, NOW } from "../../shared/evaluation/testing/arbitraries.ts";
import { sipHash, sipKey } from "../../shared/hashing/sip-hash.ts";
import type { Snapshot } from "../../shared/schema/snapshot.ts";
import { BlastdoorProvider } from "./provider.ts";
import { FakeEdge, KEY, packed } from "./testing/edge.ts";

// Thousands of random cases on a busy machine: slow is not wrong.
vi.setConfig({ testTimeout: 60_000 });
beforeAll(() => void vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
afterAll(() => void vi.useRealTimers());

interface Result {
  key: string;
  value?: JsonValue;
  variant?: string;
  reason: string;
  metadata?: Record<string, unknown>;
}

/** The long list of the random segments holds this one alone. */
const LISTED = "u1";
const SHARD = packed([sipHash(sipKey("0".repeat(32)), LISTED)]);

async function providerOf(snapshot: Snapshot) {
  const edge = new FakeEdge({ snapshot });
  for (const segment of ["s0", "s1", "s2"]) edge.shards.set(`${segment}/1-1/0`, SHARD);
  const { fetch } = edge;
  const provider = new BlastdoorProvider({
    ...{ baseUrl: "http://edge.test", key: KEY, fetch, refresh: "lazy", logger: { warn() {} } },
    pollMs: Number.POSITIVE_INFINITY,
  });
  await provider.initialize();
  return { provider, edge };
}

/** What the edge answers a server key over OFREP, whose contexts come as JSON. */
function ofrep(snapshot: Snapshot, context: object): Result[] {
  const compiled = compile(snapshot, re2);
  const sent = JSON.parse(JSON.stringify(context));
  const memberships = new Map<string, boolean>();
  for (const { segment, by } of compiled.lists) {
    const identity = identityText(readAttribute(sent, by));
    if (identity !== null) memberships.set(segment, identity === LISTED);
  }
  return JSON.parse(`[${evaluateAll(compiled, prepare(compiled, sent, NOW, memberships), "server").flags}]`);
}

async function resolved(provider: BlastdoorProvider, flag: string, context: EvaluationContext, like: Result) {
  const { value } = like;
  if (typeof value === "string") return provider.resolveStringEvaluation(flag, "default", context);
  if (typeof value === "number") return provider.resolveNumberEvaluation(flag, -1, context);
  if (typeof value === "object") return provider.resolveObjectEvaluation(flag, { its: "default" }, context);
  return provider.resolveBooleanEvaluation(flag, true, context);
}

const anyObject = anyContext.filter(
  (context): context is EvaluationContext =>
    typeof context === "object" && context !== null && !Array.isArray(context) && !Object.hasOwn(context, "__proto__"),
);
/** What JSON makes something else of, or leaves out. */
const anyExtra = fc.record(
  {
    signedUpAt: fc.constantFrom(new Date("2026-11-22T12:00:00Z"), new Date("2020-01-01T00:00:00Z")),
    plan: fc.constantFrom(undefined, Number.NaN, { toJSON: () => "pro" }),
    tags: fc.constantFrom([undefined, "pro"], [new Date(0)], undefined),
    targetingKey: fc.constantFrom(undefined, "u1"),
  },
  { requiredKeys: [] },
);

test("the provider answers every flag as the edge answers a server key over OFREP", async () => {
  await fc.assert(
    fc.asyncProperty(anySnapshot, fc.array(fc.tuple(anyObject, anyExtra), { maxLength: 3 }), async (snapshot, all) => {
      const { provider } = await providerOf(snapshot);
      for (const [plain, extra] of all) {
        const context = { ...plain, ...extra } as EvaluationContext;
        const expected = ofrep(snapshot, context);
        for (const result of expected) {
          const { value, variant, reason, flagMetadata = {} } = await resolved(provider, result.key, context, result);
          const { flagSetId, version, ...metadata } = flagMetadata;
          const got = { value, variant, reason, metadata };
          const isDefault = !Object.hasOwn(result, "value");
          const wanted = { value: isDefault ? true : result.value, variant: result.variant, reason: result.reason };
          expect(got).toEqual({ ...wanted, metadata: result.metadata ?? {} });
          expect([flagSetId, typeof version]).toEqual(["p/e", "string"]);
        }
        const bulk = JSON.parse(await provider.evaluateAll(context, "server")) as { flags: Result[] };
        expect(bulk.flags).toEqual(expected);
        for (const flag of FLAGS.filter((key) => !Object.hasOwn(snapshot.flags, key)))
          expect(await provider.resolveBooleanEvaluation(flag, true, context)).toMatchObject({
            ...{ value: true, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" },
          });
      }
    }),
    { numRuns: 300 },
  );
});

test("after any series of versions, in blocks of any size, the provider answers as if it had begun with the last", async () => {
  const anyVersions = fc.array(fc.tuple(anySnapshot, fc.integer({ min: 1, max: 4 })), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(anyVersions, fc.array(anyObject, { maxLength: 3 }), async (versions, contexts) => {
      const [first] = versions[0] as [Snapshot, number];
      const { provider, edge } = await providerOf(first);
      const pollNow = new BlastdoorProvider({
        ...{ baseUrl: "http://edge.test", key: KEY, fetch: edge.fetch, refresh: "lazy", pollMs: 0 },
        logger: { warn() {} },
      });
      await provider.onClose();
      await pollNow.initialize();
      let last = first;
      for (const [index, [snapshot, perBlock]] of versions.entries()) {
        last = { ...snapshot, revision: index + 1 };
        edge.known = { snapshot: last, perBlock };
        // Past the lease of the refresh before.
        vi.setSystemTime(NOW + (index + 1) * 10_000);
        await pollNow.evaluateAll({});
      }
      vi.setSystemTime(NOW);
      for (const context of contexts)
        expect(JSON.parse(await pollNow.evaluateAll(context, "server")).flags).toEqual(ofrep(last, context));
      await pollNow.onClose();
    }),
    { numRuns: 200 },
  );
});
