import type { Reading } from "../../schema/bucket.ts";
import { dateOf, monthsBefore, unitsAgo, yearsBefore } from "./calendar.ts";
import { flagdVersion, kindOf, logicNumber, logicTruthy } from "./logic-readings.ts";
import {
  asciiLowerCase,
  asciiText,
  configcatList,
  configcatNumber,
  configcatText,
  eachOf,
  growthbookVersion,
  launchdarklyInstant,
  launchdarklyVersion,
  leadingNumber,
  npmVersion,
  posthogText,
  posthogTrue,
  posthogVersion,
  typeName,
} from "./vendor-readings.ts";

/*
 * Conversions of attributes that SDKs of other vendors make before they compare. Undefined: there is nothing to compare,
 * so the test is unknown.
 */

const absent = (value: unknown): boolean => value === undefined || value === null;

/** A version as semver.org writes it, of one with fewer numbers or with a `v` before it. */
function version(value: unknown): unknown {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  const match = /^[vV]?(\d+)(?:\.(\d+))?(?:\.(\d+))?((?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/.exec(String(value));
  return match ? `${match[1]}.${match[2] ?? 0}.${match[3] ?? 0}${match[4]}` : undefined;
}

export const READ_AS: Readonly<Record<Reading, (value: unknown, now: number) => unknown>> = {
  /** JavaScript's own text of it. */
  text: (value) => (absent(value) ? undefined : String(value)),
  /** JavaScript's own number of its text. */
  number: (value) => (absent(value) ? undefined : Number(String(value))),
  /** Milliseconds since 1970, by JavaScript's own reading of dates. */
  instant: (value) => (absent(value) ? undefined : new Date(value as string | number).getTime()),
  version,
  /** Whether JavaScript takes it for true. */
  truthy: (value) => Boolean(value),
  kind: kindOf,
  /** Only what is a text. */
  string: (value) => (typeof value === "string" ? value : undefined),
  "logic-number": logicNumber,
  "logic-truthy": logicTruthy,
  "flagd-version": flagdVersion,
  type: typeName,
  /** JavaScript's own JSON of it, so that equal texts are equal values. */
  json: (value) => JSON.stringify(value),
  /** What JavaScript takes for a number, true for 1. */
  "coerced-number": (value) => (absent(value) ? undefined : Number(value)),
  /** Milliseconds since that instant; the clock is the evaluation's. */
  age: (value, now) => now - dateOf(value),
  /** Whole months, or years, since that instant, rounded up. */
  "months-ago": (value, now) => unitsAgo(value, now, monthsBefore),
  "years-ago": (value, now) => unitsAgo(value, now, yearsBefore),
  "each-text": eachOf((value) => `${value}`),
  "each-number": eachOf(Number),
  "leading-number": leadingNumber,
  "growthbook-version": growthbookVersion,
  "launchdarkly-instant": eachOf(launchdarklyInstant),
  "launchdarkly-version": eachOf(launchdarklyVersion),
  "npm-version": npmVersion,
  "posthog-version": posthogVersion,
  "configcat-text": configcatText,
  "configcat-number": configcatNumber,
  "configcat-list": configcatList,
  "posthog-text": posthogText,
  "posthog-true": posthogTrue,
  "ascii-lower-case": asciiLowerCase,
  /** JavaScript's own text, of null too. */
  date: dateOf,
  "ascii-text": asciiText,
  "null-text": (value) => (value === undefined ? undefined : String(value)),
};
