import type { Elements, Extent } from "../../model/elements.ts";
import { type ScalarTest, VERSION } from "../../model/predicate.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../../model/truth.ts";
import type { ValueTest } from "../../model/value-test.ts";
import { AFTER, BEFORE, SAME, type Version, type VersionBound } from "../../model/version.ts";
import { byFunction, never, truth } from "../by-function.ts";
import { meet } from "../sorted.ts";
import {
  comparePlain,
  compareVersions,
  firstNumber,
  NOT_PLAIN,
  parseVersion,
  VERSION_CHARS,
  versionText,
} from "./semver.ts";

export function versionTest(accepts: number, values: string[], exact: boolean): ScalarTest {
  const versions = values.map(parseVersion).filter((version): version is Version => version !== null);
  const [first] = versions;
  if (first === undefined) return byFunction(never);
  if (values.length === 1) return { op: VERSION, operand: { version: first, accepts, exact } };
  const otherwise = versions.length < values.length ? UNKNOWN : FALSE;
  const test: ValueTest = (value) => {
    const given = typeof value === "string" ? parseVersion(value) : null;
    if (given === null) return UNKNOWN;
    return versions.some((version) => accepted(compareVersions(given, version), accepts)) ? TRUE : otherwise;
  };
  const texts = new Set(versions.map(versionText));
  const [least, greatest] = [extreme(versions, -1), extreme(versions, 1)];
  test.elements = ({ versions: given }) => {
    if (given === null) return UNKNOWN;
    const some =
      accepts === SAME ? meet(texts, given.texts) : someInOrder(given, accepts, accepts & BEFORE ? greatest : least);
    return some ? TRUE : otherwise;
  };
  return byFunction(test, values.length);
}

const extreme = (versions: readonly Version[], sign: number): Version =>
  versions.reduce((one, other) => (compareVersions(other, one) * sign > 0 ? other : one));

/** The farthest of the elements tells of an order, which nothing but `semver_eq` lacks. */
const someInOrder = ({ least, greatest }: Extent<Version>, accepts: number, bound: Version): boolean =>
  accepted(compareVersions(accepts & BEFORE ? least : greatest, bound), accepts);

export function someVersion({ versions }: Elements, { version, accepts }: VersionBound): Truth {
  if (versions === null) return UNKNOWN;
  return truth(accepts === SAME ? versions.texts.has(versionText(version)) : someInOrder(versions, accepts, version));
}

/**
 * Whether the first number alone shows that the bound does not accept the text, be it a version or not. Mostly it
 * does, and false need not be told from unknown.
 */
export function outOfReach(text: string, { version, accepts, exact }: VersionBound): boolean {
  if (exact) return false;
  const first = firstNumber(text);
  if (first < 0 || first === version.major) return false;
  return (accepts & (first < version.major ? BEFORE : AFTER)) === 0;
}

export function testVersion(text: string, { version, accepts }: VersionBound): Truth {
  if (text.length > VERSION_CHARS) return UNKNOWN;
  let order = comparePlain(text, version);
  if (order === NOT_PLAIN) {
    const parsed = parseVersion(text);
    if (!parsed) return UNKNOWN;
    order = compareVersions(parsed, version);
  }
  return accepted(order, accepts) ? TRUE : FALSE;
}

const accepted = (order: number, accepts: number): boolean =>
  (accepts & (order < 0 ? BEFORE : order > 0 ? AFTER : SAME)) !== 0;
