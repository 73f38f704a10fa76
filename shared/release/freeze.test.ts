import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Freeze, freeze } from "../schema/freeze.ts";
import { frozen } from "./freeze.ts";

const at = (text: string): number => Date.parse(text);
const once = (from: string, until: string, name = "sale"): Freeze => freeze.parse({ name, from, until });
const weekend: Freeze = freeze.parse({
  name: "weekend",
  weekly: { days: ["friday", "saturday", "sunday"], from: "16:00", until: "08:00", timeZone: "Europe/Berlin" },
});
const saturday: Freeze = freeze.parse({
  name: "saturday",
  weekly: { days: ["saturday"], from: "00:00", until: "00:00", timeZone: "Europe/Berlin" },
});

describe("a freeze", () => {
  test("holds from its first instant to before its last", () => {
    const sale = once("2026-11-27T00:00:00Z", "2026-11-30T00:00:00Z");
    expect(frozen([sale], at("2026-11-26T23:59:59.999Z"))).toBeNull();
    expect(frozen([sale], at("2026-11-27T00:00:00Z"))).toEqual({ until: at("2026-11-30T00:00:00Z"), name: "sale" });
    expect(frozen([sale], at("2026-11-30T00:00:00Z"))).toBeNull();
  });

  test("by week follows the zone's clocks, over midnight too", () => {
    // 2026-11-27 is a Friday; Berlin is an hour ahead of UTC.
    expect(frozen([weekend], at("2026-11-27T14:59:59Z"))).toBeNull();
    expect(frozen([weekend], at("2026-11-27T15:00:00Z"))?.until).toBe(at("2026-11-28T07:00:00Z"));
    expect(frozen([weekend], at("2026-11-28T06:00:00Z"))?.until).toBe(at("2026-11-28T07:00:00Z"));
    expect(frozen([weekend], at("2026-11-28T12:00:00Z"))).toBeNull();
    // Begun on Sunday, it ends on Monday.
    expect(frozen([weekend], at("2026-11-30T06:59:00Z"))?.until).toBe(at("2026-11-30T07:00:00Z"));
    expect(frozen([weekend], at("2026-12-01T06:59:00Z"))).toBeNull();
  });

  test("lasts as long as the day does when clocks change", () => {
    // Berlin's 2027-03-28 is a Sunday of 23 hours.
    const sunday = freeze.parse({ ...saturday, weekly: { ...saturday.weekly, days: ["sunday"] } });
    expect(frozen([sunday], at("2027-03-27T23:00:00Z"))?.until).toBe(at("2027-03-28T22:00:00Z"));
  });

  test("windows that touch or overlap end together", () => {
    const windows = [
      once("2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", "first"),
      once("2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"),
      once("2026-11-28T12:00:00Z", "2026-11-30T00:00:00Z"),
      once("2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"),
    ];
    expect(frozen(windows, at("2026-11-27T01:00:00Z"))).toEqual({ until: at("2026-11-30T00:00:00Z"), name: "first" });
  });

  test("ends at the first instant that no window holds, whatever the windows", () => {
    const hour = 3_600_000;
    const base = at("2026-11-23T00:00:00Z");
    const window = fc
      .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 30 }))
      .map(([from, hours]) =>
        once(new Date(base + from * hour).toISOString(), new Date(base + (from + hours) * hour).toISOString()),
      );
    fc.assert(
      fc.property(fc.array(window, { maxLength: 6 }), fc.integer({ min: 0, max: 140 }), (windows, hours) => {
        const now = base + hours * hour;
        const holds = (time: number) => windows.some((w) => at(w.from ?? "") <= time && time < at(w.until ?? ""));
        let end = now;
        while (holds(end)) end += hour;
        expect(frozen(windows, now)?.until ?? now).toBe(end);
      }),
    );
  });
});

test.each([
  ["neither times nor days", { name: "x" }],
  ["both", { ...once("2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z"), weekly: weekend.weekly }],
  ["an end before its beginning", { name: "x", from: "2026-11-28T00:00:00Z", until: "2026-11-27T00:00:00Z" }],
  ["a beginning alone", { name: "x", from: "2026-11-28T00:00:00Z" }],
  ["a zone that nobody knows", { name: "x", weekly: { ...weekend.weekly, timeZone: "Europe/Atlantis" } }],
  ["no time of day", { name: "x", weekly: { ...weekend.weekly, from: "25:00" } }],
])("a freeze with %s is refused", (_what, value) => {
  expect(freeze.safeParse(value).success).toBe(false);
});
