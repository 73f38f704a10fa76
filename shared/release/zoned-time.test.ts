import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isTimeZone, zonedInstant } from "./zoned-time.ts";

function resolved(local: string, timeZone: string): string {
  const found = zonedInstant(local, timeZone);
  return typeof found === "string"
    ? found
    : `${new Date(found.at).toISOString().replace(".000Z", "Z")} ${found.resolution}`;
}

describe("wall-clock times of named zones", () => {
  test.each([
    ["2027-01-05T09:00", "Europe/Berlin", "2027-01-05T08:00:00Z exact"],
    ["2027-07-05T09:00:30", "Europe/Berlin", "2027-07-05T07:00:30Z exact"],
    ["2027-01-05T09:00", "Asia/Kathmandu", "2027-01-05T03:15:00Z exact"],
    ["2027-01-05T09:00", "Pacific/Kiritimati", "2027-01-04T19:00:00Z exact"],
    ["2027-01-05T09:00", "UTC", "2027-01-05T09:00:00Z exact"],
    ["2028-02-29T00:00", "America/New_York", "2028-02-29T05:00:00Z exact"],
  ])("%s in %s is %s", (local, zone, expected) => expect(resolved(local, zone)).toBe(expected));

  test.each([
    // 02:00 → 03:00: half past two becomes half past three.
    ["2027-03-28T02:30", "Europe/Berlin", "2027-03-28T01:30:00Z gap"],
    ["2027-03-28T02:00", "Europe/Berlin", "2027-03-28T01:00:00Z gap"],
    ["2027-03-28T03:00", "Europe/Berlin", "2027-03-28T01:00:00Z exact"],
    ["2027-03-28T01:59:59", "Europe/Berlin", "2027-03-28T00:59:59Z exact"],
    ["2027-03-14T02:30", "America/New_York", "2027-03-14T07:30:00Z gap"],
    // Half an hour only.
    ["2027-10-03T02:15", "Australia/Lord_Howe", "2027-10-02T15:45:00Z gap"],
    // A whole day left out of the calendar.
    ["2011-12-30T12:00", "Pacific/Apia", "2011-12-30T22:00:00Z gap"],
  ])("where clocks are set forward, %s in %s is moved on by as much: %s", (local, zone, expected) =>
    expect(resolved(local, zone)).toBe(expected),
  );

  test.each([
    // 03:00 → 02:00: the first half past two, in summer time.
    ["2027-10-31T02:30", "Europe/Berlin", "2027-10-31T00:30:00Z overlap"],
    ["2027-10-31T02:00", "Europe/Berlin", "2027-10-31T00:00:00Z overlap"],
    ["2027-10-31T03:00", "Europe/Berlin", "2027-10-31T02:00:00Z exact"],
    ["2027-11-07T01:30", "America/New_York", "2027-11-07T05:30:00Z overlap"],
  ])("where clocks are set back, %s in %s is the first of the two: %s", (local, zone, expected) =>
    expect(resolved(local, zone)).toBe(expected),
  );

  test.each([
    ["2027-02-29T09:00", "Europe/Berlin", "local"],
    ["2027-01-05T24:00", "Europe/Berlin", "local"],
    ["2027-01-05", "Europe/Berlin", "local"],
    ["2027-01-05T09:00Z", "Europe/Berlin", "local"],
    ["2027-01-05T09:00", "Europe/Atlantis", "timeZone"],
    ["2027-01-05T09:00", "+01:00", "timeZone"],
    ["2027-01-05T09:00", "", "timeZone"],
  ])("%s in %s is refused for its %s", (local, zone, wrong) => expect(resolved(local, zone)).toBe(wrong));

  test("read back on the zone's clocks, an instant that is no gap shows the time asked for", () => {
    const zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tehran", "America/Santiago"];
    const times = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2040, 0) });
    fc.assert(
      fc.property(fc.constantFrom(...zones), times, (zone, near) => {
        const local = new Date(near).toISOString().slice(0, 19);
        const found = zonedInstant(local, zone);
        if (typeof found === "string") throw new Error(found);
        const shown = new Date(found.at).toLocaleString("sv-SE", { timeZone: zone }).replace(" ", "T");
        if (found.resolution === "gap") expect(shown > local).toBe(true);
        else expect(shown).toBe(local);
      }),
    );
  });
});

test("zones go by name", () => {
  expect(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"].every(isTimeZone)).toBe(true);
  expect(["Mars/Olympus", "+01:00", "Europe/Berlin\n", "constructor"].some(isTimeZone)).toBe(false);
});
