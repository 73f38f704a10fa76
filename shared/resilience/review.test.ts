import { readdirSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DAY_MS, type Facts } from "./facts.ts";
import type { FindingKind } from "./finding-kind.ts";
import { KINDS } from "./kinds.ts";
import { MOST_FINDINGS, review } from "./review.ts";
import { aChange, aFlag, facts, HOUR_MS, NOW } from "./testing.ts";

const MINUTE_MS = 60_000;
const idsOf = (over: Partial<Facts>): string[] => review(facts(over)).findings.map(({ id }) => id);

const followUp = {
  id: "fu_1",
  incident: 7,
  flag: "checkout",
  title: "Alert on payment errors",
  owner: "Grace",
  dueAt: NOW - DAY_MS,
  isDone: false,
};
const slow = aChange({ kind: "kill", to: 0, onsetAt: NOW - 2 * HOUR_MS, confirmedAt: NOW - HOUR_MS });
const blind = { flag: "checkout", since: NOW - HOUR_MS, exposed: 900, missing: ["checkout (errors)"] };
const stale = {
  flag: "old",
  purpose: "release" as const,
  owner: "",
  reasons: [{ reason: "rolled-out" as const, since: "2026-01-01T00:00:00Z" }],
  dependants: [],
};
const byAda = Array.from({ length: 5 }, (_, index) => aChange({ revision: 10 + index, byPlan: true }));

/** What a finding needs to appear, and each way to mend it. */
const CASES: [id: string, there: Partial<Facts>, mended: Record<string, Partial<Facts>>][] = [
  [
    "one-step/checkout",
    { changes: [aChange()], flags: [aFlag({ hasPlan: false })] },
    {
      "a plan is ready for it": { flags: [aFlag({ hasPlan: true })] },
      "a plan rolled it out": { changes: [aChange({ byPlan: true })] },
      "it went further from half of all users": { changes: [aChange({ from: 0.6 })] },
      "it is not live for everybody any more": { flags: [aFlag({ hasPlan: false, reach: 0.1 })] },
      "it was released in steps since": {
        changes: [aChange({ revision: 9, from: 0.9, byPlan: true }), aChange()],
      },
      "the release was five weeks ago": { changes: [aChange({ at: NOW - 35 * DAY_MS })] },
      "nobody knows how far it went": { changes: [aChange({ from: null, to: null })] },
    },
  ],
  [
    "unguarded/checkout",
    { changes: [aChange({ byPlan: true })], flags: [aFlag({ stoppedBy: null })] },
    {
      "it has a guard": { flags: [aFlag({ stoppedBy: "guard" })] },
      "monitoring kills it": { flags: [aFlag({ stoppedBy: "trigger" })] },
      "its plan has guards": { flags: [aFlag({ stoppedBy: "plan" })] },
      "it is off": { flags: [aFlag({ stoppedBy: null, reach: 0 })] },
      "it was not released lately": { changes: [aChange({ at: NOW - 35 * DAY_MS })] },
    },
  ],
  [
    "blind-guard/checkout",
    { blind: [blind] },
    {
      "the events arrive": { blind: [] },
      "it began to watch a minute ago": { blind: [{ ...blind, since: NOW - MINUTE_MS }] },
      "the flag is off": { flags: [aFlag({ reach: 0 })] },
    },
  ],
  [
    "no-drill",
    { drill: null },
    {
      "a drill was made": { drill: { at: NOW - 30 * DAY_MS, passed: true, problem: "" } },
      "nothing is live": { flags: [aFlag({ reach: 0 })] },
    },
  ],
  [
    "slow-restore/checkout",
    { changes: [slow], flags: [aFlag({ stoppedBy: null, reach: 0 })] },
    {
      "monitoring kills it from now on": { flags: [aFlag({ stoppedBy: "trigger" })] },
      "what followed from it is done": { followUps: [{ ...followUp, isDone: true }] },
      "it took three minutes": { changes: [{ ...slow, onsetAt: NOW - HOUR_MS - 3 * MINUTE_MS }] },
      "when it began is not known": { changes: [{ ...slow, onsetAt: null }] },
    },
  ],
  [
    "overdue-follow-up/fu_1",
    { followUps: [followUp] },
    {
      "it is done": { followUps: [{ ...followUp, isDone: true }] },
      "it is due tomorrow": { followUps: [{ ...followUp, dueAt: NOW + DAY_MS }] },
    },
  ],
  [
    "one-person",
    { changes: byAda },
    {
      "somebody else made one": { changes: [aChange({ by: "Grace", byPlan: true }), ...byAda] },
      "there are only four": { changes: byAda.slice(1) },
      "they were made by schedules": { changes: byAda.map((one) => ({ ...one, byPerson: false })) },
    },
  ],
  ["stale-flags", { debt: [stale] }, { "they are archived": { debt: [] } }],
  [
    "no-owner",
    { flags: [aFlag({ owner: "" })] },
    { "it has an owner": { flags: [aFlag()] }, "it is off": { flags: [aFlag({ owner: "", reach: 0 })] } },
  ],
  ["no-freeze", { freezes: 0 }, { "there is one": { freezes: 1 } }],
  ["no-budget", { hasBudget: false }, { "one is set": { hasBudget: true } }],
];

test("a project with nothing to mend has no finding, and an empty one has none either", () => {
  expect(review(facts())).toEqual({ findings: [], total: 0 });
  expect(idsOf({ flags: [], freezes: 0, hasBudget: false, drill: null })).toEqual([]);
});

describe.each(CASES)("%s", (id, there, mended) => {
  test("is found", () => expect(idsOf(there)).toContain(id));
  test.each(Object.entries(mended))("is gone when %s", (_, mend) => {
    expect(idsOf({ ...there, ...mend })).not.toContain(id);
  });
  test("says what, why, on what evidence, and leads to what mends it", () => {
    const found = review(facts(there)).findings.find((one) => one.id === id);
    expect(found?.title).toMatch(/\S/);
    expect(found?.reason).toMatch(/\.$/);
    expect(found?.evidence.length).toBeGreaterThan(0);
    expect(found?.action.path).toMatch(/^\/p\/shop\/[a-z]+.*\?env=production/);
    expect(found?.action.request.path).toMatch(/^\/api\/v1\//);
    expect(JSON.stringify(found)).not.toMatch(/undefined|NaN|null%/);
  });
});

test("each kind is a file of its own, is listed, and is tried here", () => {
  const files = readdirSync(new URL("kinds", import.meta.url)).map((name) => name.replace(".ts", ""));
  expect(KINDS.map(({ id }) => id).sort()).toEqual(files.sort());
  expect([...new Set(CASES.map(([id]) => id.split("/")[0]))].sort()).toEqual(files.sort());
});

test("a failed drill says why, and weighs more than none at all", () => {
  const drill = { at: NOW - DAY_MS, passed: false, problem: "The edge did not answer" };
  const [failed] = review(facts({ drill })).findings;
  const [untried] = review(facts({ drill: null })).findings;
  expect(failed?.evidence[0]?.text).toBe("The edge did not answer");
  expect(failed?.blastRadius).toBeGreaterThan(untried?.blastRadius ?? 1);
});

test("evidence names who, when and which change", () => {
  const { findings } = review(facts({ changes: [aChange()], flags: [aFlag({ hasPlan: false })] }));
  expect(findings[0]?.evidence).toEqual([
    {
      text: "Reach changed from 0% to 100%",
      at: new Date(NOW - HOUR_MS).toISOString(),
      by: "Ada",
      revision: 7,
    },
  ]);
});

describe("the ranking", () => {
  const kind = (id: string, radii: readonly number[]): FindingKind => ({
    id,
    look: () => radii.map((blastRadius, index) => ({ subject: `f${index}`, blastRadius })),
    words: () => ({
      title: id,
      reason: "Why.",
      evidence: [],
      action: { label: "Mend", path: "/", request: { method: "GET", path: "/" } },
    }),
  });
  const radius = fc.double({ min: -1, max: 2, noNaN: true });

  test("puts the largest blast radius first, whatever was found and in whatever order", () => {
    fc.assert(
      fc.property(fc.array(radius, { maxLength: 60 }), fc.array(radius, { maxLength: 60 }), (some, others) => {
        const { findings, total } = review(facts(), [kind("a", some), kind("b", others)]);
        const radii = findings.map(({ blastRadius }) => blastRadius);
        expect(radii).toEqual([...radii].sort((x, y) => y - x));
        expect(radii.every((one) => one >= 0 && one <= 1)).toBe(true);
        expect(total).toBe(some.length + others.length);
        expect(findings).toHaveLength(Math.min(total, MOST_FINDINGS));
        // Severity never rises as the radius falls.
        const ranks = findings.map(({ severity }) => ["high", "medium", "low"].indexOf(severity));
        expect(ranks).toEqual([...ranks].sort((x, y) => x - y));
        expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
      }),
    );
  });

  test("is the same for the same facts, and puts a flag that reaches more before one that reaches less", () => {
    const two = facts({
      flags: [aFlag({ flag: "a", stoppedBy: null, reach: 0.2 }), aFlag({ flag: "b", stoppedBy: null, reach: 0.4 })],
      changes: [aChange({ flag: "a", byPlan: true }), aChange({ flag: "b", byPlan: true })],
    });
    expect(review(two).findings.map(({ id }) => id)).toEqual(["unguarded/b", "unguarded/a"]);
    expect(review(two)).toEqual(review(two));
  });
});
