import { describe, expect, test } from "vitest";
import { READ_AS } from "./readings.ts";

const NOW = Date.parse("2026-03-31T12:00:00Z");

/** Of each reading: what it makes of a value; undefined is nothing to compare. */
const TABLES: Partial<Record<keyof typeof READ_AS, readonly (readonly [unknown, unknown])[]>> = {
  type: [
    [undefined, "undefined"],
    [null, "null"],
    [[], "array"],
    [{}, "object"],
    ["", "string"],
    [0, "number"],
    [false, "boolean"],
  ],
  json: [
    ["a", '"a"'],
    [1, "1"],
    [[1, "a"], '[1,"a"]'],
    [null, "null"],
    [undefined, undefined],
  ],
  "coerced-number": [
    [true, 1],
    ["", 0],
    [" 12 ", 12],
    ["0x10", 16],
    [[5], 5],
    [null, undefined],
  ],
  "each-text": [
    [
      ["a", 1, null],
      ["a", "1", "null"],
    ],
  ],
  "each-number": [
    [
      ["2", true],
      [2, 1],
    ],
  ],
  "leading-number": [
    ["10abc", 10],
    ["abc", undefined],
    [2.5, 2.5],
    [null, undefined],
  ],
  "growthbook-version": [
    ["1.2.3", "    1-    2-    3-~"],
    ["v1.2.3-rc.1+b", "    1-    2-    3-rc-    1"],
    [2, "    2"],
    [undefined, "    0"],
    [null, "    0"],
  ],
  "launchdarkly-version": [
    ["2", "2.0.0"],
    ["2.1", "2.1.0"],
    ["2-beta", "2.0.0-beta"],
    ["2.1.0+build", "2.1.0"],
    ["v2.1.0", undefined],
    ["02.1.0", undefined],
    ["2.1.0.0", undefined],
    [2, undefined],
    [
      ["1", "x"],
      ["1.0.0", undefined],
    ],
  ],
  "launchdarkly-instant": [
    [1000, 1000],
    ["1970-01-01T00:00:01Z", 1000],
    ["1970-01-01T00:00:01.5+00:00", 1500],
    ["1970-01-01", undefined],
    ["1970-01-01T00:00:01", undefined],
    ["soon", undefined],
  ],
  "npm-version": [
    ["1.2.3", "1.2.3"],
    [" v1.2.3-a.1 ", "1.2.3-a.1"],
    ["=1.2.3", undefined],
    ["1.2", undefined],
    ["1.2.03", undefined],
    ["9007199254740993.0.0", undefined],
    [1, undefined],
  ],
  "posthog-version": [
    ["v1.2.3-beta", "1.2.3"],
    ["1", "1.0.0"],
    ["1.2.3.4", "1.2.3"],
    ["01.2.3", undefined],
    ["x", undefined],
    [null, undefined],
  ],
  "posthog-text": [
    ["A", "A"],
    [1, undefined],
    [1.5, "1.5"],
    [true, "true"],
    [null, "null"],
    [{ b: [1.5], a: "x" }, '{"a":"x","b":[1.5]}'],
    [[1], undefined],
    [undefined, undefined],
  ],
  "posthog-true": [
    ["TRUE", true],
    [[], true],
    [["true", true], true],
    [1, false],
    [null, false],
    [undefined, undefined],
  ],
  "ascii-lower-case": [
    ["ÄBc", "Äbc"],
    [undefined, undefined],
  ],
  age: [
    ["2026-03-31T11:59:59Z", 1000],
    ["soon", Number.NaN],
    [null, Number.NaN],
    [true, Number.NaN],
  ],
  "ascii-text": [
    ["a b", "a b"],
    [12, "12"],
    [null, "null"],
    ["ä", undefined],
    ["a\rb", undefined],
    [undefined, undefined],
  ],
  "months-ago": [
    ["2026-03-31T12:00:00Z", 0],
    ["2026-03-31T11:59:59Z", 1],
    // A month before the 31st of March is the 28th of February, and two months before it the 28th of January.
    ["2026-02-28T12:00:00Z", 1],
    ["2026-02-28T11:59:59Z", 2],
    ["2026-01-28T12:00:00Z", 2],
    ["soon", undefined],
  ],
  "years-ago": [
    ["2025-03-31T12:00:00Z", 1],
    ["2025-03-31T11:59:59Z", 2],
    [null, undefined],
  ],
};

describe.each(Object.entries(TABLES))("%s", (name, rows) => {
  test.each(rows as readonly (readonly [unknown, unknown])[])("reads %j as %j", (value, expected) => {
    expect(READ_AS[name as keyof typeof READ_AS](value, NOW)).toEqual(expected);
  });
});

test("a year before the 29th of February is the 28th", () => {
  const leapDay = Date.parse("2028-02-29T00:00:00Z");
  expect(READ_AS["years-ago"]("2027-02-28T00:00:00Z", leapDay)).toBe(1);
  expect(READ_AS["years-ago"]("2027-02-27T00:00:00Z", leapDay)).toBe(2);
});
