import { describe, expect, test } from "vitest";
import { z } from "zod";
import { issueWords, withoutCalls } from "../../dashboard/domain/words/issue-words.ts";
import { LIMITS, SPLIT_TOTAL } from "../../shared/limits.ts";
import { canaryPlan } from "../../shared/release/presets.ts";
import { flagDefinition, flagStateInput } from "../../shared/schema/flag.ts";
import { guardDefinition } from "../../shared/schema/guard.ts";
import { planDefinition } from "../../shared/schema/plan.ts";
import { budgetFields, keyLimit } from "../../shared/schema/quota.ts";
import { segment } from "../../shared/schema/segment.ts";
import { webhookBody } from "../../shared/schema/webhook.ts";
import { fieldIssues } from "../../worker/objects/flag-store/decide/parse.ts";

// What a form sends is judged by the API's own schemas; what stands at the field is in the words of the form.

interface Form {
  schema: z.ZodType;
  /** What the form sends when nothing is wrong. */
  good: object;
  /** By field: values at a limit, which are taken, and beyond it or of another kind, which are not. */
  fields: Record<string, { label: string; at?: unknown[]; beyond: unknown[] }>;
}

const plan = structuredClone(canaryPlan({ variant: "on", baseline: "off" }));
const text = (length: number) => "x".repeat(length);
const FORMS: Record<string, Form> = {
  "a plan": {
    schema: planDefinition,
    good: plan,
    fields: {
      "stages.3.audience.share": {
        label: "(?:Share of|Who, in) stage 4",
        at: [SPLIT_TOTAL],
        beyond: [SPLIT_TOTAL + 1, 0, -1, 60_000.5, "half", null, undefined],
      },
      "stages.0.audience.share": { label: "(?:Share of|Who, in) stage 1", at: [1], beyond: [0, 0.5] },
      "stages.1.minimumSeconds": {
        label: "Least time of stage 2",
        at: [0, LIMITS.planStageSeconds],
        beyond: [-1, LIMITS.planStageSeconds + 1, 1.5, "1 hour"],
      },
      "stages.1.minimumUnits": {
        label: "Least number of users of stage 2",
        at: [0, 10_000_000],
        beyond: [-1, 10_000_001],
      },
      "stages.1.advance": { label: "What follows stage 2", at: ["by-hand"], beyond: ["later", 3] },
      "stages.1.guards.0.tolerance": { label: "Tolerated change", at: [0, 10], beyond: [-0.01, 10.01, "25 %"] },
      "stages.1.guards.0.event": { label: "Metric event", at: ["checkout"], beyond: ["", "has space", text(500)] },
      holdback: { label: "At 100 %, hold back", at: [0, 5_000], beyond: [5_001, -1] },
      stages: { label: "Stages", beyond: [[], Array.from({ length: 200 }, () => plan.stages[0])] },
    },
  },
  "a flag": {
    schema: flagDefinition,
    good: { type: "boolean", variants: { on: true, off: false }, offVariant: "off" },
    fields: {
      description: {
        label: "Description",
        at: ["", text(LIMITS.descriptionChars)],
        beyond: [text(LIMITS.descriptionChars + 1), 5],
      },
      owner: { label: "Owner", at: [text(LIMITS.nameChars)], beyond: [text(LIMITS.nameChars + 1)] },
      "tags.0": { label: "Tag 1", at: [text(50)], beyond: [text(51), "", 7] },
      "variants.on": { label: "Variant on", at: [true], beyond: ["yes"] },
      variants: { label: "Variants", beyond: [{}, undefined] },
      type: { label: "Value type", beyond: ["date", undefined] },
      offVariant: { label: "Value when off", at: [null], beyond: ["gone", 3] },
      expiresAt: { label: "Expiry date", at: ["2027-01-01T00:00:00Z"], beyond: ["tomorrow", 5] },
    },
  },
  targeting: {
    schema: flagStateInput,
    good: {
      enabled: true,
      rules: [{ id: "r", when: { all: [] }, serve: { variant: "on" } }],
      fallthrough: { variant: "off" },
    },
    fields: {
      "rules.0.serve": { label: "What rule 1 serves", beyond: [{}, { split: [{ variant: "on", weight: 5 }] }, 7] },
      "rules.0.when": { label: "Condition of rule 1", beyond: [{}, { attribute: "x", op: "like" }, "everybody"] },
      "rules.0.name": { label: "Name of rule 1", at: [text(LIMITS.nameChars)], beyond: [text(LIMITS.nameChars + 1)] },
      fallthrough: { label: "Default rule", beyond: [{}, "on"] },
      enabled: { label: "Enabled", beyond: ["yes"] },
    },
  },
  "a guard": {
    schema: guardDefinition,
    good: { metrics: [{ kind: "error", name: "errors", event: "outcome" }] },
    fields: {
      metrics: { label: "Guardrail metrics", beyond: [[], undefined] },
      "metrics.0.event": { label: "Metric event", at: ["order"], beyond: ["", "a b"] },
      onBreach: { label: "On breach", at: ["alert"], beyond: ["shout"] },
    },
  },
  "a segment": {
    schema: segment,
    good: { included: ["ada"], excluded: ["bob"] },
    fields: {
      "included.0": { label: "Always in it, line 1", at: ["x"], beyond: ["", 5, text(LIMITS.conditionValueChars + 1)] },
      "excluded.0": { label: "Never in it, line 1", beyond: ["", null] },
      by: { label: "Bucket by", at: ["email"], beyond: ["", text(201)] },
    },
  },
  "a budget": {
    schema: z.strictObject(budgetFields),
    good: { evaluationsPerMonth: 10 },
    fields: { evaluationsPerMonth: { label: "Budget for a month", at: [1, 1e15], beyond: [0, -5, 1.5, 1e16, "many"] } },
  },
  "a key's limit": {
    schema: keyLimit,
    good: { perSecond: 5, burst: 50 },
    fields: { perSecond: { label: "Requests a second", at: [0.1, 100_000], beyond: [0, 0.05, 100_001, "fast"] } },
  },
  "a webhook": {
    schema: webhookBody,
    good: { name: "chat", url: "https://example.com", events: ["flag.killed"] },
    fields: {
      name: { label: "Name", at: [text(100)], beyond: ["", text(500)] },
      url: { label: "Address", beyond: ["", text(2_001)] },
      events: { label: "Events", beyond: [[], ["flag.gone"]] },
    },
  },
};

/** A copy with one field replaced; undefined takes it out. */
function withField(good: object, path: string, value: unknown): object {
  const copy = structuredClone(good) as Record<string, unknown>;
  const parts = path.split(".");
  let at: Record<string, unknown> = copy;
  for (const part of parts.slice(0, -1)) {
    at[part] ??= /^\d+$/.test(parts[parts.indexOf(part) + 1] ?? "") ? [] : {};
    at = at[part] as Record<string, unknown>;
  }
  const last = parts.at(-1) ?? "";
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

/** Schema and parser text, calls of the API, and paths, none of which a form shows. */
const FOREIGN =
  /expected|received|Too (?:big|small)|Invalid|Unrecognized|pattern|<=|>=|undefined|NaN|\bPATCH\b|\bPUT\b|\b\w+\.\d+\.\w+|\b(?:strictObject|zod|enum)\b/;

describe.each(Object.entries(FORMS))("%s", (_form, { schema, good, fields }) => {
  test("is taken as the form sends it", () => {
    expect(schema.safeParse(good).success).toBe(true);
  });
  describe.each(Object.entries(fields))("%s", (path, { label, at = [], beyond }) => {
    test("is taken at its limits", () => {
      for (const value of at)
        expect([value, schema.safeParse(withField(good, path, value)).success]).toEqual([value, true]);
    });
    test.each(beyond.map((value) => [JSON.stringify(value)?.slice(0, 40) ?? "left out", value]))(
      "beyond: %s is refused in words, under its label",
      (_shown, value) => {
        const parsed = schema.safeParse(withField(good, path, value));
        expect(parsed.success).toBe(false);
        const issues = parsed.success ? [] : fieldIssues(parsed.error).map(issueWords);
        expect(issues.map((issue) => issue.label)).toContainEqual(expect.stringMatching(new RegExp(`^${label}`)));
        for (const { label: shown, words } of issues) {
          expect(`${shown}: ${words}`).not.toMatch(FOREIGN);
          expect(words.length).toBeGreaterThan(2);
        }
      },
    );
  });
});

test("limits stand in the unit in which the form asks", () => {
  const message = (limit: number) => `Too big: expected number to be <=${limit}`;
  expect(issueWords({ field: "stages.1.audience.share", message: message(100_000) })).toEqual({
    label: "Share of stage 2",
    words: "must be at most 100 %",
  });
  expect(issueWords({ field: "stages.0.minimumSeconds", message: message(2_592_000) }).words).toBe(
    "must be at most 30 days",
  );
  expect(issueWords({ field: "states.production.checkout.rules.0.serve", message: "x is missing" })).toEqual({
    label: "checkout in production: What rule 1 serves",
    words: "x is missing",
  });
});

test("what helps programs only is left out", () => {
  expect(withoutCalls("It has passed; to change the flag now, PATCH its state")).toBe("It has passed");
  expect(withoutCalls("Use another key, or repeat the PUT with ?reuse=true.")).toBe("");
  expect(withoutCalls("It needs engineer; yours is viewer.")).toBe("It needs engineer; yours is viewer.");
});
