import { expect, test } from "vitest";
import { DAY_MS } from "./facts.ts";
import { aChange, HOUR_MS, NOW } from "./testing.ts";
import { habitsOf, trendBegins, WEEKS, weeksOf } from "./trend.ts";

test("twelve weeks, Mondays of UTC, of which the last is the running one", () => {
  const weeks = weeksOf([], NOW);
  expect(weeks).toHaveLength(WEEKS);
  expect(weeks[0]?.week).toBe("2026-09-07");
  expect(weeks.at(-1)?.week).toBe("2026-11-23");
  expect(new Date(trendBegins(NOW)).toISOString()).toBe("2026-09-07T00:00:00.000Z");
});

test("a week counts its releases, by plan and in one step, what was taken back, and who made them", () => {
  const lastWeek = NOW - 7 * DAY_MS;
  const weeks = weeksOf(
    [
      aChange({ kind: "kill", by: "Guard", byPerson: false, from: 1, to: 0 }),
      aChange({ revision: 6, by: "Grace", to: 0.25 }),
      aChange({ revision: 5 }),
      aChange({ revision: 4, at: lastWeek, byPlan: true, to: 0.01 }),
      aChange({ revision: 3, at: lastWeek, byPlan: true, kind: "step", from: 0.01, to: 0.1, byPerson: false }),
    ],
    NOW,
  );
  expect(weeks.at(-1)).toEqual({
    week: "2026-11-23",
    releases: 2,
    byPlan: 0,
    inOneStep: 1,
    takenBack: 1,
    people: 2,
    largestStep: 1,
  });
  expect(weeks.at(-2)).toMatchObject({ releases: 1, byPlan: 1, inOneStep: 0, people: 1 });
  expect(weeks.at(-2)?.largestStep).toBeCloseTo(0.09);
});

test("habits come from the same changes: size, lead time, what follows a kill, and the share of plans", () => {
  const at = (hours: number) => NOW - hours * HOUR_MS;
  const habits = habitsOf(
    [
      aChange({ revision: 9, flag: "b", kind: "kill", at: at(1), from: 0.5, to: 0 }),
      aChange({ revision: 8, at: at(2), byPlan: true, to: 0.1 }),
      aChange({ revision: 7, kind: "kill", at: at(8), from: 1, to: 0 }),
      aChange({ revision: 6, kind: "kill", at: at(12), from: 1, to: 0 }),
      aChange({ revision: 5, flag: "b", at: at(20), to: 0.5 }),
      aChange({ revision: 4, at: at(30), to: 1 }),
    ],
    [HOUR_MS, 3 * HOUR_MS],
  );
  expect(habits).toEqual({
    changeSize: { value: 0.5, count: 3 },
    leadTime: { value: 2 * HOUR_MS, count: 2 },
    // From the first of two kills in a row; the other flag has not been released since.
    killToRelease: { value: 10 * HOUR_MS, count: 1, waiting: 1 },
    byPlan: { value: 1 / 3, count: 3 },
  });
});

test("without changes nothing is made up", () => {
  expect(habitsOf([], [])).toEqual({
    changeSize: { value: null, count: 0 },
    leadTime: { value: null, count: 0 },
    killToRelease: { value: null, count: 0, waiting: 0 },
    byPlan: { value: null, count: 0 },
  });
});
