import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dora as doraSchema } from "../schema/delivery.ts";
import { ATTRIBUTION_MS, type Deployment, dora, type FlagEvent, MAX_RESTORE_MS, median, weekOf } from "./dora.ts";

const at = (text: string): number => Date.parse(`2026-11-${text}:00Z`);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/**
 * Two weeks of a small shop, computed by hand: Monday 2 to Sunday 15 November 2026.
 *
 * | when | what | figure |
 * |---|---|---|
 * | Mon 2 10:00 | deployment, oldest commit Sun 1 22:00 | lead 12 h |
 * | Tue 3 12:00 | deployment, oldest commit Tue 3 08:00 | lead 4 h |
 * | Tue 3 15:00 | deployment failed in CI | no change |
 * | Wed 4 09:00 | checkout released | |
 * | Wed 4 11:00 | checkout killed by Alertmanager: trouble since 10:54:00, off everywhere 11:00:02 | that release failed; 6 min 2 s |
 * | Thu 5 09:00 | checkout released again, stays | |
 * | Mon 9 10:00 | deployment, oldest commit Fri 6 10:00, rolled back | lead 72 h, failed |
 * | Tue 10 09:00 | banner released | |
 * | Tue 10 09:30 | banner stepped back by its guard: trouble since 09:10, off 09:30:04 | that release failed; 20 min 4 s |
 * | Wed 11 09:00 | search killed by a person who did not say since when; never released in the window | no time |
 * | Thu 12 14:00 | price killed by a trigger: since 13:50, confirmed by nobody | no time |
 *
 * Changes: 3 deployments and 3 releases in 14 days: 6/14 a day. Lead time: median of 4, 12 and 72 h: 12 h. Failed: 1
 * deployment and 2 releases of 6: 50 %. Time to restore: median of 6 min 2 s and 20 min 4 s: 13 min 3 s.
 */
const deployments: Deployment[] = [
  { status: "success", at: at("02T10:00"), committedAt: at("01T22:00") },
  { status: "success", at: at("03T12:00"), committedAt: at("03T08:00") },
  { status: "failure", at: at("03T15:00"), committedAt: at("03T14:00") },
  { status: "rolled-back", at: at("09T10:00"), committedAt: at("06T10:00") },
];
const event = (over: Partial<FlagEvent> & Pick<FlagEvent, "kind" | "at" | "flag">): FlagEvent => ({
  revision: 1,
  cause: "person",
  onsetAt: null,
  confirmedAt: null,
  ...over,
});
const events: FlagEvent[] = [
  event({ kind: "release", at: at("04T09:00"), flag: "checkout" }),
  event({
    kind: "kill",
    at: at("04T11:00"),
    flag: "checkout",
    cause: "trigger",
    onsetAt: at("04T10:54"),
    confirmedAt: at("04T11:00") + 2_000,
  }),
  event({ kind: "release", at: at("05T09:00"), flag: "checkout" }),
  event({ kind: "release", at: at("10T09:00"), flag: "banner" }),
  event({
    kind: "rollback",
    at: at("10T09:30"),
    flag: "banner",
    cause: "guard",
    onsetAt: at("10T09:10"),
    confirmedAt: at("10T09:30") + 4_000,
  }),
  event({ kind: "kill", at: at("11T09:00"), flag: "search", confirmedAt: at("11T09:01") }),
  event({ kind: "kill", at: at("12T14:00"), flag: "price", cause: "trigger", onsetAt: at("12T13:50") }),
];
const window = { from: at("02T00:00"), to: at("16T00:00") };
const figures = dora("production", deployments, events, window);

describe("the hand-computed fortnight", () => {
  test("deployment frequency: 3 deployments and 3 releases in 14 days", () => {
    expect(figures.deploymentFrequency).toEqual({ perDay: 6 / 14, deployments: 3, releases: 3 });
  });
  test("lead time: the median of 4, 12 and 72 hours", () => {
    expect(figures.leadTime).toEqual({ value: 12 * HOUR, count: 3 });
  });
  test("change failure rate: 3 of 6", () => {
    expect(figures.changeFailureRate).toEqual({ value: 0.5, count: 6, failed: 3 });
  });
  test("time to restore: from onset to confirmed off, the median of 6:02 and 20:04", () => {
    const value = 13 * MINUTE + 3_000;
    expect(figures.timeToRestore).toEqual({ value, count: 2, withoutOnset: 1, unconfirmed: 1 });
  });
  test("by week", () => {
    expect(figures.weeks).toEqual([
      {
        week: "2026-11-02",
        deployments: 2,
        releases: 2,
        failed: 1,
        leadTimeMs: 8 * HOUR,
        restoreMs: 6 * MINUTE + 2_000,
      },
      {
        week: "2026-11-09",
        deployments: 1,
        releases: 1,
        failed: 2,
        leadTimeMs: 72 * HOUR,
        restoreMs: 20 * MINUTE + 4_000,
      },
    ]);
  });
  test("incidents, the newest first", () => {
    expect(figures.incidents.map(({ flag, cause, restoreMs }) => [flag, cause, restoreMs])).toEqual([
      ["price", "trigger", null],
      ["search", "person", null],
      ["banner", "guard", 20 * MINUTE + 4_000],
      ["checkout", "trigger", 6 * MINUTE + 2_000],
    ]);
  });
});

describe("a release", () => {
  const of = (...all: FlagEvent[]) => dora("production", [], all, window).changeFailureRate.failed;
  const release = event({ kind: "release", at: at("04T09:00"), flag: "a" });
  const kill = (when: number, flag = "a") => event({ kind: "kill", at: when, flag, revision: 2 });
  test("fails by a kill of its own flag only, and only within a week", () => {
    expect(of(release, kill(release.at + ATTRIBUTION_MS))).toBe(1);
    expect(of(release, kill(release.at + ATTRIBUTION_MS + 1))).toBe(0);
    expect(of(release, kill(release.at + 1, "b"))).toBe(0);
    expect(of(release, kill(release.at - 1))).toBe(0);
  });
  test("does not fail by a kill after the next release, and fails once however often it is killed", () => {
    const again = event({ kind: "release", at: at("04T10:00"), flag: "a", revision: 3 });
    expect(of(release, again, kill(at("04T11:00")))).toBe(1);
    expect(of(release, kill(at("04T10:00")), kill(at("04T11:00")))).toBe(1);
  });
  test("near the window's end fails by a kill that comes after it", () => {
    const late = event({ kind: "release", at: window.to - 1, flag: "a" });
    expect(of(late, kill(window.to + HOUR))).toBe(1);
  });
});

test("an onset that cannot be is as good as none, also where it was stored before it was asked to be possible", () => {
  const kill = (onsetAt: number, cause: FlagEvent["cause"] = "person") => {
    const killedAt = at("12T14:00");
    const one = event({ kind: "kill", at: killedAt, flag: "a", cause, onsetAt, confirmedAt: killedAt + 1_000 });
    return dora("production", [], [one], window).timeToRestore;
  };
  const killedAt = at("12T14:00");
  for (const cause of ["person", "trigger"] as const) {
    expect(kill(killedAt - MAX_RESTORE_MS, cause).value).toBe(MAX_RESTORE_MS + 1_000);
    for (const wrong of [killedAt - MAX_RESTORE_MS - 1, killedAt + 1, Date.parse("2024-01-01T00:00:00Z")])
      expect(kill(wrong, cause)).toEqual({ value: null, count: 0, withoutOnset: 1, unconfirmed: 0 });
  }
  // A guard's is the beginning of the stage that it took back, however long that lasted.
  expect(kill(killedAt - MAX_RESTORE_MS - 1, "guard").count).toBe(1);
});

test("a commit older than any change takes says nothing of lead time", () => {
  const lead = (days: number) => {
    const deployed = at("09T10:00");
    return dora(
      "production",
      [{ status: "success", at: deployed, committedAt: deployed - days * 24 * HOUR }],
      [],
      window,
    ).leadTime;
  };
  expect(lead(400)).toEqual({ value: 400 * 24 * HOUR, count: 1 });
  expect(lead(401)).toEqual({ value: null, count: 0 });
});

test("nothing counted is said as nothing, not as zero hours", () => {
  const empty = dora("production", [], [], window);
  expect([empty.leadTime.value, empty.changeFailureRate.value, empty.timeToRestore.value]).toEqual([null, null, null]);
  expect(empty.deploymentFrequency.perDay).toBe(0);
});

test("a median lies between the least and the most, and in the middle", () => {
  expect(median([])).toBeNull();
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
});

test("weeks begin on Monday, UTC", () => {
  for (const day of ["23", "25", "29"])
    expect(new Date(weekOf(at(`${day}T12:00`))).toISOString()).toBe("2026-11-23T00:00:00.000Z");
});

test("whatever the history, the figures keep their schema and their bounds", () => {
  const time = fc.integer({ min: window.from - 30 * 86_400_000, max: window.to + 30 * 86_400_000 });
  const anEvent = fc.record<FlagEvent>({
    kind: fc.constantFrom("release", "kill", "rollback"),
    at: time,
    revision: fc.nat(),
    flag: fc.constantFrom("a", "b", "c"),
    cause: fc.constantFrom("person", "guard", "trigger", "schedule"),
    onsetAt: fc.option(time),
    confirmedAt: fc.option(time),
  });
  const aDeployment = fc.record<Deployment>({
    status: fc.constantFrom("success", "failure", "rolled-back"),
    at: time,
    committedAt: fc.option(time),
  });
  fc.assert(
    fc.property(fc.array(aDeployment), fc.array(anEvent), (some, others) => {
      const all = dora("production", some, others, window);
      expect(doraSchema.safeParse(all).success).toBe(true);
      const { value, failed, count } = all.changeFailureRate;
      expect(failed).toBeLessThanOrEqual(count);
      if (value !== null) expect(value).toBeLessThanOrEqual(1);
      const summed = all.weeks.reduce((sum, week) => sum + week.deployments + week.releases, 0);
      expect(summed).toBe(count);
      expect(all.weeks.reduce((sum, week) => sum + week.failed, 0)).toBe(failed);
    }),
    { numRuns: 300 },
  );
});
