import { posthogVersion } from "../../evaluation/dialects/vendor-readings.ts";

/** The first version of a range, and the first after it. */
export type VersionBounds = readonly [from: string, before: string];

const numbersOf = (text: string): number[] | null => posthogVersion(text)?.split(".").map(Number) ?? null;

/** `~1.2.3`: any patch from there on. */
export function tildeBounds(text: string): VersionBounds | null {
  const [major = 0, minor = 0, patch = 0] = numbersOf(text) ?? [];
  return numbersOf(text) && [`${major}.${minor}.${patch}`, `${major}.${minor + 1}.0`];
}

/** `^1.2.3`: whatever does not change the first number that is not 0. */
export function caretBounds(text: string): VersionBounds | null {
  const [major = 0, minor = 0, patch = 0] = numbersOf(text) ?? [];
  const next = major > 0 ? `${major + 1}.0.0` : minor > 0 ? `0.${minor + 1}.0` : `0.0.${patch + 1}`;
  return numbersOf(text) && [`${major}.${minor}.${patch}`, next];
}

/** `1.*` or `1.2.*`. */
export function wildcardBounds(text: string): VersionBounds | null {
  const cleaned = text.trim().replace(/^[vV]/, "").replace(/\.\*$/, "").replace(/\*$/, "");
  const [first = "", second] = cleaned.split(".");
  if (![first, second ?? "0"].every((part) => /^(?:0|[1-9]\d*)$/.test(part))) return null;
  const major = Number(first);
  if (second === undefined) return [`${major}.0.0`, `${major + 1}.0.0`];
  return [`${major}.${second}.0`, `${major}.${Number(second) + 1}.0`];
}
