/*
 * Conversions that single vendors' SDKs make before they compare. Undefined: there is nothing to compare.
 */

/** The kind of value that is there: `array` and `null` too, `undefined` where nothing is. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/** The number at the beginning of a text; undefined where it has none. */
export function leadingNumber(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = typeof value === "number" ? value : Number.parseFloat(String(value));
  return Number.isFinite(number) ? number : undefined;
}

/** Converts each element of an array, and any other value as it is. */
export const eachOf =
  (convert: (value: unknown) => unknown) =>
  (value: unknown): unknown =>
    Array.isArray(value) ? value.map(convert) : convert(value);

/**
 * A version as GrowthBook orders them, as texts: numbers are padded to five places, and a release stands after its
 * pre-releases. What is no version is version 0.
 */
export function growthbookVersion(value: unknown): string {
  const given = typeof value === "number" ? String(value) : value;
  const text = typeof given === "string" && given !== "" ? given : "0";
  const parts = text.replaceAll(/(^v|\+.*$)/g, "").split(/[-.]/);
  if (parts.length === 3) parts.push("~");
  return parts.map((part) => (/^\d+$/.test(part) ? part.padStart(5, " ") : part)).join("-");
}

const NPM_VERSION =
  /^(0|[1-9]\d{0,255})\.(0|[1-9]\d{0,255})\.(0|[1-9]\d{0,255})((?:-(?:0|[1-9]\d{0,255}|\d{0,256}[a-zA-Z-][a-zA-Z0-9-]{0,250})(?:\.(?:0|[1-9]\d{0,255}|\d{0,256}[a-zA-Z-][a-zA-Z0-9-]{0,250}))*)?)(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** A strict version without its build; undefined for any other text. */
function strictVersion(text: string): string | undefined {
  if (text.length > 256) return undefined;
  const match = NPM_VERSION.exec(text.trim());
  if (!match) return undefined;
  const [, major, minor, patch, before] = match;
  const isSafe = [major, minor, patch].every((part) => Number(part) <= Number.MAX_SAFE_INTEGER);
  return isSafe ? `${major}.${minor}.${patch}${before}` : undefined;
}

/** A version as the package `semver` reads it: a `v` may stand before it. */
export function npmVersion(value: unknown): string | undefined {
  return typeof value === "string" ? strictVersion(value.trim().replace(/^v/, "")) : undefined;
}

/** A value's text as ConfigCat compares it; undefined for nothing and for an empty text. */
export function configcatText(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A number, or a text of one, in which a comma may stand for the point. */
export function configcatNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  const text = typeof value === "string" ? value.replace(",", ".").trim() : "";
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$|^[+-]?Infinity$/i.test(text)) return undefined;
  return Number(text);
}

/** A list of texts, or the JSON of one. */
export function configcatList(value: unknown): string[] | undefined {
  const list = typeof value === "string" ? parsed(value) : value;
  return Array.isArray(list) && list.every((one) => typeof one === "string") ? list : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A version of one to three numbers, without a `v` before it, as LaunchDarkly reads it. */
export function launchdarklyVersion(value: unknown): string | undefined {
  if (typeof value !== "string" || value.startsWith("v")) return undefined;
  const whole = npmVersion(value);
  if (whole !== undefined) return whole;
  const numbers = /^\d+(?:\.\d+)?(?:\.\d+)?/.exec(value)?.[0];
  if (numbers === undefined) return undefined;
  const missing = 3 - numbers.split(".").length;
  return npmVersion(`${numbers}${".0".repeat(missing)}${value.slice(numbers.length)}`);
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d\d*)?(?:Z|[-+]\d\d(?::\d\d)?)/;

/** Milliseconds since 1970, or a text of RFC 3339 with a zone, as LaunchDarkly reads it. */
export function launchdarklyInstant(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !RFC_3339.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : at;
}

/** A text whose ASCII letters are small, as PostHog compares texts. */
export const asciiLowerCase = (value: unknown): string | undefined =>
  value === undefined ? undefined : String(value).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());

/** A text of ASCII without carriage returns, as all engines of regular expressions read it. */
export function asciiText(value: unknown): string | undefined {
  const text = value === undefined ? "ä" : String(value);
  return /^[\p{ASCII}]*$/u.test(text) && !text.includes("\r") ? text : undefined;
}

/** What PostHog takes for true: true, a text that says so, and a list of nothing else. */
export function posthogTrue(value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.every(posthogTrue);
  return value === true || (typeof value === "string" && value.toLowerCase() === "true");
}

/** A value's text as PostHog compares it. Whole numbers have none, since 1 and 1.0 have different ones. */
export const posthogText = (value: unknown): string | undefined =>
  typeof value === "string" ? value : posthogJson(value);

function posthogJson(value: unknown): string | undefined {
  if (value === undefined || Number.isInteger(value)) return undefined;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) {
    const parts = value.map(posthogJson);
    return parts.includes(undefined) ? undefined : `[${parts.join(",")}]`;
  }
  const parts = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, one]) => [JSON.stringify(name), posthogJson(one)]);
  return parts.some(([, text]) => text === undefined)
    ? undefined
    : `{${parts.map((part) => part.join(":")).join(",")}}`;
}

/** A version's first three numbers, missing ones as 0 and without what follows a hyphen or plus, as PostHog reads it. */
export function posthogVersion(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = String(value).trim().replace(/^[vV]/, "");
  const base = text.split("-")[0]?.split("+")[0] ?? "";
  if (base === "" || base.startsWith(".")) return undefined;
  const numbers = base.split(".").slice(0, 3);
  if (!numbers.every((part) => /^(?:|0|[1-9]\d*)$/.test(part))) return undefined;
  return [0, 1, 2].map((at) => String(Number(numbers[at] || "0"))).join(".");
}
