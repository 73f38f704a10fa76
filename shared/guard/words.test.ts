import { expect, test } from "vitest";
import { breachWords, evidenceWords, silentWords } from "./words.ts";

const breach = {
  series: "s",
  test: "comparison",
  arm: "on",
  metric: "errors",
  kind: "error",
  units: { treatment: 1_000, control: 9_000 },
  events: { treatment: 50, control: 90 },
  rate: { treatment: 0.05, control: 0.01 },
  change: 4,
  interval: { low: 2, high: 7 },
  confidence: 0.95,
  tolerated: 0.25,
  logEvidence: Math.log(2_200),
  alpha: 1 / 600,
  exposed: { on: 1_000, off: 9_000 },
  at: "2026-11-25T22:00:00.000Z",
} as const;

test("evidence reads as a chance, without notation", () => {
  expect(breachWords(breach)).toBe(
    'errors: 5 % of 1,000 users with "on" failed, 1 % of 9,000 with the control (compared with the control at the same time; difference +200 % to × 8, 95 % sure at any time; strong evidence: 1 in 2,200 by chance, 1 in 600 is needed)',
  );
});

test.each([1, 50, 5_000, 1e8, 1e12, 1e300])("no exponent and no infinity, however strong: %s", (evidence) => {
  const words = evidenceWords(Math.log(evidence), 0.000_4);
  expect(words).not.toMatch(/\de[+-]?\d|∞|Infinity|NaN|e-value/);
  expect(words).toContain("1 in 2,500 is needed");
});

test("what a guard listens for in vain is named", () => {
  expect(silentWords({ event: "outcome", metrics: ["errors", "slow"] }, 3_500)).toBe(
    'No event "outcome" has arrived from any of 3,500 exposed users, so errors, slow cannot be judged.',
  );
  expect(silentWords({ event: null, metrics: ["silent"] }, 1)).toBe(
    "No event has arrived from the 1 exposed user, so silent cannot be judged.",
  );
});
