import { expect, test } from "vitest";
import { wholeNumber } from "./whole-number.ts";

test.each([
  ["0", 0],
  [" 1500 ", 1_500],
  ["1,500", 1_500],
  ["10.000.000", 10_000_000],
  ["10 000 000", 10_000_000],
  ["10'000", 10_000],
])("%j is a whole number", (text, number) => {
  expect(wholeNumber(text)).toBe(number);
});

test.each([
  "",
  "1.5",
  "1,5",
  "0.001",
  "1.50",
  "15.00",
  "1,000.50",
  "1.000,000",
  "10,00",
  "1e6",
  "-3",
  "ten",
  "12 34",
  "99999999999999999999",
])("%j is refused instead of read as something else", (text) => {
  expect(wholeNumber(text)).toBeNull();
});
