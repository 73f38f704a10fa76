import { createRequire } from "node:module";
import fc from "fast-check";
import { expect, test } from "vitest";
import { comparePlain, compareVersions, NOT_PLAIN, parseVersion, versionText } from "./semver.ts";

/** npm's own, as the oracle: it has no types. */
const npm = createRequire(import.meta.url)("semver") as {
  parse(text: string): object | null;
  compare(one: string, other: string): number;
};

// Numbers of at most 15 digits: npm's are exact only below 2^53. Small ones, so that versions meet.
const number = fc.oneof(fc.nat(3), fc.nat(999_999_999_999_999)).map(String);
const identifier = fc.oneof(number, fc.constantFrom("alpha", "beta", "rc", "x-1", "-", "0a", "01", "A"));
const dotted = fc.array(identifier, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("."));
const optional = (mark: string) => fc.option(dotted).map((text) => (text === null ? "" : `${mark}${text}`));
const anyVersion = fc
  .tuple(fc.tuple(number, number, number), optional("-"), optional("+"))
  .map(([core, pre, build]) => `${core.join(".")}${pre}${build}`);
/** Versions with a character too many, too few or another one. npm also takes a `v` and spaces before one. */
const almostVersion = fc
  .tuple(anyVersion, fc.nat(), fc.nat(1), fc.constantFrom("", ".", "-", "+", "0", "x", "_", "é"))
  .map(([text, at, removed, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + removed);
  })
  .filter((text) => !/\d{16}/.test(text));

test("a text is a version exactly when npm's semver says so", () => {
  fc.assert(
    fc.property(fc.oneof(anyVersion, almostVersion), (text) => {
      expect(parseVersion(text) !== null, text).toBe(npm.parse(text) !== null);
    }),
    { numRuns: 2_000 },
  );
});

test("versions stand in the order of npm's semver, by each of our comparisons", () => {
  const valid = anyVersion.filter((text) => parseVersion(text) !== null);
  fc.assert(
    fc.property(valid, valid, (one, other) => {
      const [left, right] = [parseVersion(one), parseVersion(other)];
      if (!left || !right) throw new Error("filtered");
      const order = npm.compare(one, other);
      expect(Math.sign(compareVersions(left, right)), `${one} ${other}`).toBe(order);
      expect(versionText(left) === versionText(right)).toBe(order === 0);
      const plain = comparePlain(one, right);
      if (plain !== NOT_PLAIN) expect(plain).toBe(order);
    }),
    { numRuns: 2_000 },
  );
});
