import fc from "fast-check";
import semver from "semver";
import { describe, expect, test } from "vitest";
import { VALUE } from "../../model/predicate.ts";
import { FALSE, TRUE, UNKNOWN } from "../../model/truth.ts";
import { AFTER, BEFORE, SAME } from "../../model/version.ts";
import { compareVersions, parseVersion, VERSION_CHARS, versionText } from "./semver.ts";
import { testVersion, versionTest } from "./version-order.ts";

const ACCEPTS = {
  semver_lt: BEFORE,
  semver_lte: BEFORE | SAME,
  semver_eq: SAME,
  semver_gte: AFTER | SAME,
  semver_gt: AFTER,
};

/** What npm's semver reads otherwise, and why ours does not follow. */
const DIFFERENCES: [text: string, ours: boolean, because: string][] = [
  ["v1.2.3", false, 'semver.org: "v1.2.3" is not a semantic version'],
  [" 1.2.3", false, "a version has no spaces"],
  ["1.2.3\n", false, "a version has no spaces"],
  ["1000000000000000.0.0", false, "core numbers have at most 15 digits, so that each is exact"],
];

const number = fc.oneof(
  fc.nat(3),
  fc.constantFrom(9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 999_999_999, 1_000_000_000, 999_999_999_999_999),
);
const core = fc.tuple(number, number, number).map((numbers) => numbers.join("."));
/** Numbers of a pre-release stay below 2^53: see the last test. */
const identifier = fc.oneof(
  fc.nat(12).map(String),
  fc.constantFrom("a", "A", "rc", "alpha", "beta", "0a", "-", "--", "-1", "1-", "10a", "9007199254740990"),
  fc.stringMatching(/^[0-9A-Za-z-]{1,4}$/),
);
const identifiers = fc.array(identifier, { minLength: 1, maxLength: 4 }).map((all) => all.join("."));
const versionLike = fc
  .tuple(core, fc.option(identifiers), fc.option(identifiers))
  .map(([release, pre, build]) => `${release}${pre === null ? "" : `-${pre}`}${build === null ? "" : `+${build}`}`);
const version = versionLike.filter((text) => semver.valid(text) !== null);
/** A version near another: of the same core more often than not, so that what follows it decides. */
const pair = fc
  .tuple(version, version, fc.nat(3))
  .map(
    ([a, b, how]) => [a, how === 0 ? b : how === 1 ? a : b.replace(/^[\d.]+/, a.match(/^[\d.]+/)?.[0] ?? "")] as const,
  );

const parsed = (text: string) => {
  const found = parseVersion(text);
  if (found === null) throw new Error(`${text} is read as no version`);
  return found;
};

describe("a text is a version where npm's semver says so", () => {
  const breaks = fc.constantFrom(
    "",
    ".",
    "-",
    "+",
    "0",
    "01",
    "..",
    "1.2.3",
    "é",
    "_",
    "-01",
    "-1.01.a",
    "+é",
    "*",
    "x",
  );
  test("for versions and what is left when they are cut, doubled or broken", () => {
    const seen = { read: 0, refused: 0 };
    const bound = { version: parsed("1.2.3"), accepts: ACCEPTS.semver_gt, exact: true };
    const near = fc.tuple(versionLike, breaks, fc.nat(20), fc.nat(3)).map(([text, put, at, cut]) => {
      const start = Math.min(at, text.length);
      return text.slice(0, start) + put + text.slice(start + cut);
    });
    fc.assert(
      fc.property(
        fc.oneof(versionLike, near).filter((text) => !/\d{16}/.test(text.replace(/[-+].*/, ""))),
        (text) => {
          const theirs = semver.parse(text);
          seen[theirs ? "read" : "refused"]++;
          const ours = parseVersion(text);
          expect([text, ours && [ours.major, ours.minor, ours.patch, ...ours.pre]]).toEqual([
            text,
            theirs && [theirs.major, theirs.minor, theirs.patch, ...theirs.prerelease.map(String)],
          ]);
          expect([text, testVersion(text, bound) === UNKNOWN]).toEqual([text, theirs === null]);
        },
      ),
      { numRuns: 5_000 },
    );
    // Both kinds come up, or the property says nothing.
    expect(Math.min(seen.read, seen.refused)).toBeGreaterThan(500);
  });

  test("up to the same length", () => {
    const long = (length: number) => `1.2.3-${"a".repeat(length - 6)}`;
    for (const length of [VERSION_CHARS, VERSION_CHARS + 1]) {
      const valid = semver.valid(long(length)) !== null;
      expect([valid, parseVersion(long(length)) !== null]).toEqual([length <= VERSION_CHARS, length <= VERSION_CHARS]);
    }
  });

  test.each(DIFFERENCES)("but for %j", (text, ours) => {
    expect([parseVersion(text) !== null, semver.valid(text) !== null]).toEqual([ours, !ours]);
  });
});

describe("versions are in the order of npm's semver", () => {
  test("each two of them", () => {
    const seen = new Map<number, number>();
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const theirs = semver.compare(a, b);
        seen.set(theirs, (seen.get(theirs) ?? 0) + 1);
        expect([a, b, Math.sign(compareVersions(parsed(a), parsed(b)))]).toEqual([a, b, theirs]);
        expect(versionText(parsed(a)) === versionText(parsed(b))).toBe(theirs === 0);
      }),
      { numRuns: 5_000 },
    );
    for (const order of [-1, 0, 1]) expect(seen.get(order)).toBeGreaterThan(200);
  });

  const THEIRS = {
    semver_lt: semver.lt,
    semver_lte: semver.lte,
    semver_eq: semver.eq,
    semver_gte: semver.gte,
    semver_gt: semver.gt,
  };
  test.each(Object.keys(ACCEPTS) as (keyof typeof ACCEPTS)[])("for %s, with one value and with several", (operator) => {
    const accepts = ACCEPTS[operator];
    const holds = THEIRS[operator];
    fc.assert(
      fc.property(pair, version, ([given, bound], other) => {
        const one = { version: parsed(bound), accepts, exact: true };
        expect([given, bound, testVersion(given, one)]).toEqual([given, bound, holds(given, bound) ? TRUE : FALSE]);
        const several = versionTest(accepts, [bound, other], true);
        if (several.op !== VALUE) throw new Error("several values are tested by a function");
        const some = holds(given, bound) || holds(given, other);
        expect([given, bound, other, several.operand(given)]).toEqual([given, bound, other, some ? TRUE : FALSE]);
      }),
      { numRuns: 2_000 },
    );
  });

  test("but for pre-release numbers beyond 2^53, which semver rounds and ours tells apart", () => {
    const [less, more] = ["1.0.0-9007199254740992", "1.0.0-9007199254740993"] as const;
    expect(semver.compare(less, more)).toBe(0);
    expect(compareVersions(parsed(less), parsed(more))).toBeLessThan(0);
  });

  test("and what is no version is unknown", () => {
    const bound = { version: parsed("1.2.3"), accepts: ACCEPTS.semver_gt, exact: true };
    for (const text of ["2", "2.0", "2.0.0.0", "two", ""]) {
      expect(semver.valid(text)).toBeNull();
      expect(testVersion(text, bound)).toBe(UNKNOWN);
    }
  });
});
