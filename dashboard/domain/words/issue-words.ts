import { SPLIT_TOTAL } from "../../../shared/limits.ts";

/** What the server says is wrong with one field. */
export interface Issue {
  field: string;
  message: string;
}

/** The same for people: which field of the form, and what is wrong with it and would be right. */
export interface IssueWords {
  label: string;
  words: string;
}

type Label = string | ((parts: readonly string[]) => string);
const nth = (index: string | undefined): number => Number(index) + 1;

/** Labels as forms have them, by the API's path; `#` stands for a number, `*` for a name. The first that fits counts. */
const LABELS: readonly [path: string, label: Label][] = [
  ["stages.#.audience.share", ([n]) => `Share of stage ${nth(n)}`],
  ["stages.#.audience", ([n]) => `Who, in stage ${nth(n)}`],
  ["stages.#.minimumSeconds", ([n]) => `Least time of stage ${nth(n)}`],
  ["stages.#.minimumUnits", ([n]) => `Least number of users of stage ${nth(n)}`],
  ["stages.#.advance", ([n]) => `What follows stage ${nth(n)}`],
  ["stages.#.guards.#.event", "Metric event"],
  ["stages.#.guards.#.tolerance", "Tolerated change"],
  ["stages.#.guards", ([n]) => `Guardrail metrics of stage ${nth(n)}`],
  ["stages.#", ([n]) => `Stage ${nth(n)}`],
  ["stages", "Stages"],
  ["metrics.#.event", "Metric event"],
  ["metrics.#.tolerance", "Tolerated change"],
  ["metrics", "Guardrail metrics"],
  ["baseline", "Until then people get"],
  ["holdback", "At 100 %, hold back"],
  ["rules.#.when", ([n]) => `Condition of rule ${nth(n)}`],
  ["rules.#.serve", ([n]) => `What rule ${nth(n)} serves`],
  ["rules.#.name", ([n]) => `Name of rule ${nth(n)}`],
  ["rules.#.expiresAt", ([n]) => `End of rule ${nth(n)}`],
  ["rules.#", ([n]) => `Rule ${nth(n)}`],
  ["rules", "Rules"],
  ["fallthrough", "Default rule"],
  ["prerequisites.#", ([n]) => `Prerequisite ${nth(n)}`],
  ["prerequisites", "Prerequisites"],
  ["killVariant", "Value when killed"],
  ["offVariant", "Value when off"],
  ["variants.*", ([name]) => `Variant ${name}`],
  ["variants", "Variants"],
  ["visibility", "Client-side availability"],
  ["purpose", "Flag type"],
  ["type", "Value type"],
  ["expiresAt", "Expiry date"],
  ["tags.#", ([n]) => `Tag ${nth(n)}`],
  ["evaluationsPerMonth", "Budget for a month"],
  ["perSecond", "Requests a second"],
  ["included.#", ([n]) => `Always in it, line ${nth(n)}`],
  ["excluded.#", ([n]) => `Never in it, line ${nth(n)}`],
  ["included", "Always in it"],
  ["excluded", "Never in it"],
  ["when", "Condition"],
  ["by", "Bucket by"],
  ["origins.#", ([n]) => `Origin ${nth(n)}`],
  ["url", "Address"],
  ["environments.#", ([n]) => `Environment ${nth(n)}`],
  ["events", "Events"],
  ["weekly.days", "Days"],
  ["weekly.from", "From"],
  ["weekly.until", "Until"],
  ["weekly.timeZone", "Time zone"],
  ["at", "When"],
  ["context", "Evaluation context"],
  ["comment", "Why?"],
  ["settings.bar", "Bar"],
  ["settings.sample", "Sample"],
  ["settings.windowDays", "Days to click"],
  ["title", "What is to be done"],
  ["due", "Due"],
  ["layer", "Layer"],
  ["holdout", "Holdout"],
];

function labelOf(path: readonly string[]): string {
  // A document among others: of an import, of a revert.
  const [kind, environment, flag, ...rest] = path;
  if (kind === "states" && environment && flag)
    return `${flag} in ${environment}${rest.length > 0 ? `: ${labelOf(rest)}` : ""}`;
  if ((kind === "flags" || kind === "segments") && environment)
    return `${environment}${path.length > 2 ? `: ${labelOf(path.slice(2))}` : ""}`;
  for (const [pattern, label] of LABELS) {
    const found = fits(pattern.split("."), path);
    if (found) return typeof label === "string" ? label : label(found);
  }
  return plain(path);
}

/** The parts of the path that stand for `#` and `*`; null where it is another path. What follows is part of the field. */
function fits(pattern: readonly string[], path: readonly string[]): string[] | null {
  const parts: string[] = [];
  for (const [index, wanted] of pattern.entries()) {
    const part = path[index];
    if (part === undefined) return null;
    if (wanted === "#" ? /^\d+$/.test(part) : wanted === "*") parts.push(part);
    else if (wanted !== part) return null;
  }
  return parts;
}

/** "minimumUnits" → "Minimum units": a field that no form names, still without dots and numbers. */
function plain(path: readonly string[]): string {
  const last = path.findLast((part) => !/^\d+$/.test(part)) ?? "";
  const words = last.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const KINDS: Record<string, string> = {
  number: "a number",
  int: "a whole number",
  string: "text",
  boolean: "on or off",
  array: "a list",
  object: "several values together",
  record: "several values together",
};

/** A limit in the unit in which the form asks for the value. */
function limitWords(path: readonly string[], limit: number, kind: string, unit: string | undefined): string {
  const last = path.findLast((part) => !/^\d+$/.test(part)) ?? "";
  const number = limit.toLocaleString("en", { maximumFractionDigits: 3 });
  if (kind === "string") return limit === 1 ? "1 character" : `${number} characters`;
  if (unit || kind === "array" || kind === "record") return limit === 1 ? "1 entry" : `${number} entries`;
  if (["share", "weight", "holdback", "from", "to"].includes(last))
    return `${((limit * 100) / SPLIT_TOTAL).toLocaleString("en", { maximumFractionDigits: 3 })} %`;
  if (["tolerance", "budget", "alpha", "bar"].includes(last))
    return `${(limit * 100).toLocaleString("en", { maximumFractionDigits: 3 })} %`;
  if (/seconds$/i.test(last)) return secondsWords(limit);
  return number;
}

function secondsWords(seconds: number): string {
  for (const [length, name] of [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
  ] as const)
    if (seconds >= length && seconds % length === 0)
      return `${(seconds / length).toLocaleString("en")} ${name}${seconds === length ? "" : "s"}`;
  return `${seconds.toLocaleString("en")} ${seconds === 1 ? "second" : "seconds"}`;
}

/** The schema's own words, as a sentence of the form; what the server wrote for people stays. */
function messageWords(path: readonly string[], message: string): string {
  const size = /^Too (big|small): expected (\w+) to (?:be|have) ([<>]=?)\s?([\d.e+-]+)( \w+)?/.exec(message);
  if (size) {
    const [, , kind = "", sign = "", limit = "0", unit] = size;
    const value = Number(limit);
    if (sign === ">=" && value === 1 && kind !== "number" && kind !== "int") return "must not be empty";
    const words = limitWords(path, value, kind, unit);
    const least = { ">=": "at least", ">": "more than", "<=": "at most", "<": "less than" }[sign] ?? "";
    return `must be ${least} ${words}`;
  }
  if (/^Invalid input: expected .*received undefined/.test(message)) return "is missing";
  const kind = /^Invalid input: expected (\w+)/.exec(message)?.[1];
  if (kind) return KINDS[kind] ? `must be ${KINDS[kind]}` : "is not valid";
  const options = /^Invalid (?:option|input): expected (?:one of )?(".*)$/.exec(message)?.[1];
  if (options) return `must be one of ${options.replaceAll('"', "").replaceAll("|", ", ")}`;
  if (/^Unrecognized key/.test(message)) return "has a part that is not known here";
  if (/^Invalid (url|URL)/.test(message)) return "is not a web address";
  if (/^Invalid (ISO|datetime|date)/i.test(message)) return "is not a date and time";
  if (/^Invalid (string|key)/.test(message)) return "has characters that are not allowed here";
  if (/^(Invalid|Number must be)/.test(message)) return "is not valid";
  return withoutCalls(message);
}

/** Sentences that name calls of the API help programs; a person has the form in front of them. */
export const withoutCalls = (text: string): string =>
  text
    .split(/(?<=[.;]) /)
    .filter((sentence) => !/\b(?:GET|PUT|POST|PATCH|DELETE)\b|\?\w+=|If-Match/.test(sentence))
    .join(" ")
    .replace(/;$/, "");

/** What is wrong with a field, in the words of the form. */
export function issueWords({ field, message }: Issue): IssueWords {
  const path = field === "" ? [] : field.split(".");
  return { label: labelOf(path), words: messageWords(path, message) || "is not valid" };
}
