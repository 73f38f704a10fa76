import fc from "fast-check";
import { expect, test } from "vitest";
import { type DemandCell, demandReport } from "./demand.ts";

const cell = (over: Partial<DemandCell>): DemandCell => ({
  day: "2026-11-25",
  country: "DE",
  device: "desktop",
  suspicious: false,
  final: true,
  seen: 0,
  clicked: 0,
  ...over,
});

test("says how many want it at least, rounded down, once the lower bound reaches the bar", () => {
  const { verdict, sentence, demand } = demandReport([cell({ seen: 2_000, clicked: 120 })], 0.03);
  expect(verdict).toBe("wanted");
  expect(sentence).toMatch(/^At least 4\.\d % want this; your bar was 3 %\.$/);
  expect(Number(/(\d\.\d)/.exec(sentence)?.[1]) / 100).toBeLessThanOrEqual(demand.interval.lower);
});

test("says how many want it at most once nobody who could raise it is left to count", () => {
  const few = cell({ seen: 2_000, clicked: 5 });
  expect(demandReport([few], 0.03)).toMatchObject({ verdict: "unwanted" });
  const stillTime = demandReport([{ ...few, final: false }], 0.03);
  expect(stillTime).toMatchObject({ verdict: "open", pending: 1_995 });
  expect(stillTime.demand.interval.upper).toBe(1);
});

test("decides nothing from fewer than a hundred people, however clear they are", () => {
  expect(demandReport([cell({ seen: 99, clicked: 99 })], 0.03).verdict).toBe("open");
  expect(demandReport([cell({ seen: 100, clicked: 100 })], 0.03).verdict).toBe("wanted");
});

test("has no number before anybody saw the door", () => {
  expect(demandReport([], 0.03)).toMatchObject({ verdict: "nobody", demand: { rate: null }, suspiciousShare: 0 });
});

test("does not count the suspicious, and shows what they would have done", () => {
  const cells = [cell({ seen: 300, clicked: 9 }), cell({ seen: 100, clicked: 100, suspicious: true })];
  const report = demandReport(cells, 0.1);
  expect(report.demand).toMatchObject({ seen: 300, clicked: 9 });
  expect(report.withSuspicious).toMatchObject({ seen: 400, clicked: 109 });
  expect(report.suspiciousShare).toBeCloseTo(0.25);
  expect(report.verdict).not.toBe("wanted");
  expect(report.withSuspicious.interval.lower).toBeGreaterThan(0.1);
});

test("groups and days add up to the whole, and the last day is the whole", () => {
  const arbitrary = fc.array(
    fc
      .record({
        day: fc.constantFrom("2026-11-23", "2026-11-24", "2026-11-25"),
        country: fc.constantFrom("DE", "FR", "US"),
        device: fc.constantFrom("desktop", "mobile"),
        suspicious: fc.boolean(),
        final: fc.boolean(),
        seen: fc.integer({ min: 1, max: 500 }),
        part: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(({ part, ...rest }) => ({ ...rest, clicked: Math.floor(rest.seen * part) })),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(arbitrary, (cells) => {
      const { demand, overTime, byCountry, byDevice } = demandReport(cells, 0.05);
      for (const groups of [byCountry, byDevice]) {
        expect(groups.reduce((total, group) => total + group.seen, 0)).toBe(demand.seen);
        expect(groups.reduce((total, group) => total + group.clicked, 0)).toBe(demand.clicked);
      }
      if (overTime.length > 0) expect(overTime.at(-1)).toMatchObject({ seen: demand.seen, clicked: demand.clicked });
    }),
  );
});
