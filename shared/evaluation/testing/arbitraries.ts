import fc from "fast-check";
import { SPLIT_TOTAL } from "../../limits.ts";
import type { AttributeTest, Condition, Operator } from "../../schema/condition.ts";
import { type Kill, type Snapshot, snapshot } from "../../schema/snapshot.ts";
import type { Samples } from "../operators/family.ts";
import { OPERATOR_SCHEMAS, OPERATORS } from "../operators/operators.ts";
import type { Memberships } from "../run/evaluate.ts";

/*
 * Random flags and contexts for the laws. Names and values come from small pools, so that conditions meet the
 * attributes they test, flags meet the flags they depend on, and cycles happen.
 */

export const FLAGS = ["f0", "f1", "f2", "f3", "f4", "gone"] as const;
const SEGMENTS = ["s0", "s1", "s2", "gone"];
const VARIANTS = ["off", "on", "blue"];
declare global {
  interface ImportMeta {
    /** Vite's: the modules that a pattern names. */
    glob<T>(pattern: string, options: { eager: true; import: string }): Record<string, T>;
  }
}

/** Of each family of operators. */
const SAMPLES = Object.values(
  import.meta.glob<Samples<Operator>>("../operators/*/samples.ts", { eager: true, import: "samples" }),
);
const TEST_VALUES: Partial<Samples<Operator>["values"]> = Object.assign({}, ...SAMPLES.map(({ values }) => values));

/** Each attribute of the samples with its values; several families may try the same attribute. */
const ATTRIBUTES = new Map<string, unknown[]>();
for (const { attributes } of SAMPLES)
  for (const [name, values] of Object.entries(attributes))
    ATTRIBUTES.set(name, [...(ATTRIBUTES.get(name) ?? []), ...values]);

const PATHS = [...ATTRIBUTES.keys(), "targetingKey", "tags", "address.city"];
export const NOW = Date.parse("2026-11-22T12:00:00Z");

const some = <T>(pool: readonly T[]) => fc.constantFrom(...pool);

const scalar = fc.oneof(
  ...[...ATTRIBUTES.values()].map(some),
  fc.boolean(),
  fc.constant(null),
  fc.string({ maxLength: 5 }),
);
const attributeValue = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
);

/** Mostly objects with attributes that conditions test; now and then any JSON at all. */
export const anyContext: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record(
      {
        targetingKey: fc.oneof(fc.uuid(), some(["u1", "u2", 7, true, ""])),
        ...Object.fromEntries(
          [...ATTRIBUTES].map(([path, values]) => [
            path.replace(/^\//, ""),
            fc.oneof(some(values), fc.array(some(values), { maxLength: 3 }), attributeValue),
          ]),
        ),
        tags: fc.oneof(fc.array(some(ATTRIBUTES.get("plan") ?? [])), attributeValue),
        address: fc.oneof(fc.record({ city: attributeValue }), attributeValue),
      },
      { requiredKeys: [] },
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue() },
);

const valuesOf = (op: Operator): fc.Arbitrary<AttributeTest["values"]> => {
  const pool = TEST_VALUES[op];
  if (pool === undefined) throw new Error(`samples.ts has no values for "${op}"`);
  return pool === null ? fc.constant(undefined) : fc.array(some(pool), { minLength: 1, maxLength: 3 });
};

/** One attribute test with values that its operator accepts. */
export const anyTest: fc.Arbitrary<AttributeTest> = some(OPERATORS).chain((op) =>
  fc
    .record({ attribute: some(PATHS), values: valuesOf(op), negate: fc.boolean(), ignoreCase: fc.boolean() })
    .map(({ ignoreCase, values, ...rest }) => ({
      ...rest,
      op,
      ...(values && { values }),
      ...(OPERATOR_SCHEMAS[op].cased && { ignoreCase }),
    })),
);

const flagTest = fc.record({ flag: some(FLAGS), variants: fc.uniqueArray(some(VARIANTS), { minLength: 1 }) });
const segmentTest = fc.record({ segment: some(SEGMENTS) });

/** A condition; flag tests only where `flags` says so, and never under `not`. */
function anyCondition(flags: boolean, depth = 3): fc.Arbitrary<Condition> {
  const leaf: fc.Arbitrary<Condition> = fc.oneof(
    { weight: 4, arbitrary: anyTest },
    { weight: 1, arbitrary: segmentTest },
    { weight: flags ? 2 : 0, arbitrary: flagTest },
  );
  if (depth === 0) return leaf;
  const inner = anyCondition(flags, depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: fc.record({ all: fc.array(inner, { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ any: fc.array(inner, { maxLength: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ not: anyCondition(false, depth - 1) }) },
  );
}

/** Weights of distinct variants that add up to SPLIT_TOTAL. */
export function anyWeights(variants: readonly string[]): fc.Arbitrary<{ variant: string; weight: number }[]> {
  return fc
    .array(fc.nat(SPLIT_TOTAL), { minLength: variants.length - 1, maxLength: variants.length - 1 })
    .map((cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), SPLIT_TOTAL];
      return variants.map((variant, index) => ({
        variant,
        weight: (edges[index + 1] as number) - (edges[index] as number),
      }));
    });
}

const variant = fc.oneof({ weight: 8, arbitrary: some(VARIANTS) }, { weight: 1, arbitrary: some([null, "gone"]) });
const anyServe = fc.oneof(
  fc.record({ variant }),
  fc.record({ split: anyWeights(VARIANTS), by: some(["targetingKey", "plan", "address.city"]) }),
);
const anyRule = fc.record(
  {
    when: anyCondition(true),
    serve: anyServe,
    paused: fc.boolean(),
    expiresAt: some(["2026-11-22T12:00:00Z", "2026-11-22T12:00:00.001Z", "2020-01-01T00:00:00Z"]),
  },
  { requiredKeys: ["when", "serve"] },
);
const anyFlag = fc
  .record({
    offVariant: some(["off", "off", "off", null]),
    visibility: some(["public", "targeted", "server-only"]),
    enabled: fc.boolean().chain((rarely) => (rarely ? fc.boolean() : fc.constant(true))),
    killVariant: some([undefined, null, "blue"]),
    prerequisites: fc.array(flagTest, { maxLength: 1 }),
    holdout: some([undefined, undefined, "h", "gone"]),
    layer: some([undefined, undefined, { layer: "l", from: 20_000, to: 90_000 }, { layer: "gone", from: 0, to: 5 }]),
    rules: fc.array(anyRule, { maxLength: 4 }),
    fallthrough: anyServe,
  })
  .map(({ offVariant, visibility, rules, ...state }) => ({
    variants: { off: false, on: true, blue: "b" },
    offVariant,
    visibility,
    state: { ...state, rules: rules.map((rule, index) => ({ id: `r${index}`, ...rule })) },
  }));
const anySegment = fc.record(
  {
    by: some(["targetingKey", "plan"]),
    included: fc.array(some(["u1", "pro", "7"]), { maxLength: 2 }),
    excluded: fc.array(some(["u2", "pro"]), { maxLength: 1 }),
    when: anyCondition(false, 2),
    list: fc.constant({ version: "1-1", key: "0".repeat(32), count: 1, shards: ["1-1"] }),
  },
  { requiredKeys: ["included", "excluded"] },
);

export const anyKill: fc.Arbitrary<Kill> = fc.record(
  { id: fc.uuid(), flag: some(FLAGS), variant: some([...VARIANTS, "gone"]), serve: variant, revision: fc.nat(3) },
  { requiredKeys: ["id", "flag", "serve", "revision"] },
);

/** A snapshot that passed the schema: six flags at most, entangled with each other and with segments. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    flags: fc.array(anyFlag, { minLength: 1, maxLength: 5 }),
    segments: fc.array(anySegment, { maxLength: 3 }),
    kills: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(anyKill) }),
  })
  .map(({ flags, segments, kills }) =>
    snapshot.parse({
      minReader: 1,
      project: "p",
      environment: "e",
      epoch: 1,
      revision: 1,
      flags: Object.fromEntries(flags.map((flag, index) => [`f${index}`, { ...flag, seed: `f${index}` }])),
      segments: Object.fromEntries(segments.map((segment, index) => [`s${index}`, segment])),
      layers: { l: { by: "targetingKey", seed: "l" } },
      holdouts: { h: { by: "targetingKey", seed: "h", share: 20_000 } },
      keys: [],
      kills,
    }),
  );

export const anyMemberships: fc.Arbitrary<Memberships | undefined> = fc.option(
  fc.array(fc.tuple(some(SEGMENTS), fc.boolean())).map((entries) => new Map(entries)),
  { nil: undefined },
);
