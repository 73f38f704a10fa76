import { describe, expect, test } from "vitest";
import { type Snapshot, snapshot } from "../schema/snapshot.ts";
import { bucket } from "./bucketing/bucket.ts";
import buckets from "./cases/bucket.json" with { type: "json" };
import precedence from "./cases/precedence.json" with { type: "json" };
import { compile } from "./compile/compile.ts";
import { explain } from "./explain/explain.ts";
import { re2 } from "./operators/regex/regex.ts";
import { evaluate, prepare } from "./run/evaluate.ts";
import { OPERATOR_CASES } from "./testing/operator-cases.ts";

const HEAD = { minReader: 1, project: "p", environment: "e", epoch: 1, revision: 1, keys: [] };
const EMPTY = { segments: {}, layers: {}, holdouts: {}, kills: [] };
const NOW = Date.parse(precedence.now);

describe("golden corpus: buckets", () => {
  test.each(buckets.vectors)("$seed, $unit", ({ seed, unit, bucket: expected }) => {
    expect(bucket(seed, unit)).toBe(expected);
  });
});

describe.each(OPERATOR_CASES)("golden corpus: operators of $family", ({ tests }) => {
  test.each(tests)("$test", ({ test: attributeTest, rows }) => {
    // Three flags make the three values visible: the test, its negation, and the same by `not`.
    const flag = (when: unknown) => ({
      variants: { on: true, off: false },
      offVariant: "off",
      visibility: "public",
      seed: "s",
      state: { enabled: true, rules: [{ id: "r", when, serve: { variant: "on" } }], fallthrough: { variant: "off" } },
    });
    const parsed = snapshot.parse({
      ...HEAD,
      ...EMPTY,
      flags: {
        plain: flag(attributeTest),
        negated: flag({ ...attributeTest, negate: true }),
        not: flag({ not: attributeTest }),
      },
    });
    for (const [context, expected] of rows) {
      for (const read of [compiledVariants, explainedVariants]) {
        const got = read(parsed, context);
        const shown = `${JSON.stringify(attributeTest)} of ${JSON.stringify(context)} by ${read.name}`;
        expect(got.plain === "on" ? "true" : got.negated === "on" ? "false" : "unknown", shown).toBe(expected);
        expect(got.not, shown).toBe(got.negated);
      }
    }
  });
});

function compiledVariants(parsed: Snapshot, context: unknown): Record<string, string | null | undefined> {
  const compiled = compile(parsed, re2);
  const subject = prepare(compiled, context, NOW);
  return Object.fromEntries(Object.keys(parsed.flags).map((key) => [key, evaluate(compiled, key, subject)?.variant]));
}

function explainedVariants(parsed: Snapshot, context: unknown): Record<string, string | null> {
  return Object.fromEntries(explain(parsed, parsed.kills, context, NOW, re2).map((one) => [one.key, one.variant]));
}

interface Case {
  context: unknown;
  memberships?: Record<string, boolean>;
  expected: Record<string, (string | null)[]>;
}

describe.each(precedence.snapshots)("golden corpus: $name", (given) => {
  const flags = Object.fromEntries(
    Object.entries(given.flags).map(([key, flag]) => [key, { ...precedence.defaults, seed: key, ...flag }]),
  );
  const { name: _, cases, ...rest } = given;
  const parsed = snapshot.parse({ ...HEAD, ...EMPTY, ...withDefaults(rest), flags });
  test.each(cases as unknown as Case[])("$context", ({ context, expected, ...more }) => {
    const memberships = new Map(Object.entries(more.memberships ?? {}));
    const compiled = compile(parsed, re2);
    const subject = prepare(compiled, context, NOW, memberships);
    const explained = new Map(
      explain(parsed, parsed.kills, context, NOW, re2, memberships).map((one) => [one.key, one]),
    );
    for (const [key, wanted] of Object.entries(expected)) {
      for (const got of [evaluate(compiled, key, subject), explained.get(key)])
        expect([got?.variant, got?.reason, got?.ruleId, got?.cause], key).toEqual(wanted);
    }
  });
});

function withDefaults(rest: object): object {
  const segments = "segments" in rest ? Object.entries(rest.segments as object) : [];
  return {
    ...rest,
    segments: Object.fromEntries(
      segments.map(([key, segment]) => [key, { by: "targetingKey", included: [], excluded: [], ...segment }]),
    ),
  };
}
