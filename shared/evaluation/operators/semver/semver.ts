import type { Version } from "../../model/version.ts";

/** A longer text is no version, as in npm: it would be read anew for each condition. */
export const VERSION_CHARS = 256;

const VERSION =
  /^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})(?:-([\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*))?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/;
const NUMERIC = /^\d+$/;

/** Null for anything but a full version: no "v", no missing parts, no leading zeros. */
export function parseVersion(text: string): Version | null {
  if (text.length > VERSION_CHARS) return null;
  if (text !== lastText) {
    lastVersion = read(text);
    lastText = text;
  }
  return lastVersion;
}

/** One subject's version is asked for by one condition after the other. */
let lastText = "";
let lastVersion: Version | null = null;

function read(text: string): Version | null {
  const match = VERSION.exec(text);
  if (!match) return null;
  const pre = match[4] === undefined ? [] : match[4].split(".");
  if (pre.some((part) => part.length > 1 && part.startsWith("0") && NUMERIC.test(part))) return null;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]), pre };
}

/** Equal for versions of equal precedence, and only for those. */
export const versionText = ({ major, minor, patch, pre }: Version): string =>
  `${major}.${minor}.${patch}-${pre.join(".")}`;

/** Precedence by semver.org item 11: negative, zero or positive. */
export function compareVersions(a: Version, b: Version): number {
  const core = a.major - b.major || a.minor - b.minor || a.patch - b.patch;
  if (core !== 0) return core;
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length - a.pre.length;
  for (let index = 0; index < a.pre.length && index < b.pre.length; index++) {
    const order = compareIdentifiers(a.pre[index] ?? "", b.pre[index] ?? "");
    if (order !== 0) return order;
  }
  return a.pre.length - b.pre.length;
}

function compareIdentifiers(a: string, b: string): number {
  if (a === b) return 0;
  const aNumeric = NUMERIC.test(a);
  const bNumeric = NUMERIC.test(b);
  if (aNumeric !== bNumeric) return aNumeric ? -1 : 1;
  // Digits are compared by length first, so that numbers beyond 2^53 keep their order.
  if (aNumeric && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What comparePlain says to anything but a plain version. */
export const NOT_PLAIN = 2;

/**
 * Where a plain `1.2.3` stands against a version, without allocating: -1, 0 or 1; NOT_PLAIN when the text is anything
 * else, or has numbers of more than nine digits (then ask parseVersion).
 */
export function comparePlain(text: string, version: Version): number {
  const { length } = text;
  let index = 0;
  let order = 0;
  for (let part = 0; part < 3; part++) {
    const start = index;
    let number = 0;
    let digit = -1;
    for (; index < length; index++) {
      digit = text.charCodeAt(index) - 48;
      if (digit < 0 || digit > 9) break;
      number = (Math.imul(number, 10) + digit) | 0;
    }
    const digits = index - start;
    if (digits === 0 || digits > 9 || (digits > 1 && text.charCodeAt(start) === 48)) return NOT_PLAIN;
    if (order === 0) {
      const bound = part === 0 ? version.major : part === 1 ? version.minor : version.patch;
      order = number < bound ? -1 : number > bound ? 1 : 0;
    }
    // A dot after the first two numbers, the end after the third.
    if (part < 2 ? digit !== DOT : index !== length) return NOT_PLAIN;
    index++;
  }
  return order === 0 && version.pre.length > 0 ? 1 : order;
}

const DOT = 46 - 48;

/** The number that a text begins with, up to a character that is no digit; -1 without one, or of more than nine digits. */
export function firstNumber(text: string): number {
  let number = 0;
  for (let index = 0; index < text.length && index < 10; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return index === 0 ? -1 : number;
    number = (Math.imul(number, 10) + digit) | 0;
  }
  return -1;
}
