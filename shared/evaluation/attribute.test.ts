import { expect, test } from "vitest";
import { identityText } from "./attribute.ts";

test.each([
  [Number.MAX_SAFE_INTEGER, "9007199254740991"],
  [-Number.MAX_SAFE_INTEGER, "-9007199254740991"],
  [0.5, "0.5"],
  // JSON.parse makes these of neighbours too, so each may be another person.
  [2 ** 53, null],
  [JSON.parse("76561198012345679"), null],
  [JSON.parse("-9007199254740993"), null],
  [JSON.parse("1e400"), null],
  [Number.NaN, null],
  ["76561198012345679", "76561198012345679"],
])("%j identifies a person as %j", (value, text) => {
  expect(identityText(value)).toBe(text);
});
