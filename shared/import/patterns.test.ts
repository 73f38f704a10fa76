import { describe, expect, test } from "vitest";
import { TRUE } from "../evaluation/model/truth.ts";
import { re2 } from "../evaluation/operators/regex/regex.ts";
import { fromJavaScript } from "./patterns.ts";

const TEXTS = [
  "",
  "a",
  "ab",
  "abc",
  "A",
  "a b",
  "a\u00a0b",
  "a\nb",
  "a\rb",
  "a.b",
  "a/b",
  "a-b",
  "x9_",
  "[a]",
  "ü",
  "null",
  "a\u2028b",
];

test.each([
  "^a",
  "b$",
  ".",
  "a.b",
  "\\s",
  "^\\S+$",
  "[\\s]",
  "[^\\s]",
  "\\d+|_",
  "\\w\\W\\w",
  "a\\/b",
  "[a/]b?",
  "[[]a",
  "[\\]\\[]",
  "[^]",
  "a[]",
  "a{1,2}b",
  "\\{1\\}",
  "(?<first>a)b",
  "(?:a|b)+c",
  "\\u0061b",
  "\\x61",
  "\\_",
  "[\\-a]b",
  "\\bb",
  "a\\Bb",
  "[\\b]",
  "\\.",
  "^.{1}$",
])("%s matches what it matches in JavaScript", (source) => {
  const translated = fromJavaScript(source);
  if ("fault" in translated) throw new Error(translated.fault);
  const found = (text: string) => re2(translated.pattern, false)?.search(text, { left: 1e6 }) === TRUE;
  const expected = TEXTS.filter((text) => new RegExp(source).test(text));
  expect(TEXTS.filter(found)).toEqual(expected);
});

describe("what cannot be kept is named", () => {
  test.each([
    ["(", "invalid"],
    ["a(?=b)", "look-around"],
    ["(?!a)", "look-around"],
    ["(?<=a)b", "look-around"],
    ["(a)\\1", "back-reference"],
    ["(?<n>a)\\k<n>", "back-reference"],
    ["[\\S]", "negated space in a class"],
    ["a".repeat(300), "too large"],
  ])("%s", (source, fault) => {
    expect(fromJavaScript(source)).toEqual({ fault });
  });
});
