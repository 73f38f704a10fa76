import { regexCost } from "../../../../shared/evaluation/operators/regex/cost.ts";
import { isRegex } from "../../../../shared/evaluation/operators/regex/regex.ts";
import { patternName, withinLimit } from "../../../../shared/evaluation/operators/regex/search-plan.ts";
import { LIMITS } from "../../../../shared/limits.ts";
import type { FlagState } from "../../../../shared/schema/flag.ts";
import type { FieldIssue } from "../../../result.ts";
import type { Change, ProjectView } from "../entities.ts";
import { attributeTestsOf, type PlacedTest } from "./attribute-tests.ts";
import { overlay } from "./overlay.ts";

/** A regular expression where it stands in a document. */
interface Pattern {
  readonly field: string;
  readonly text: string;
  readonly ignoreCase: boolean;
}

/** More than a person mends at once; a hostile document has thousands. */
const SHOWN = 50;

/**
 * What is wrong with the regular expressions that changes bring in, as issues of their fields. A document's own ones
 * are not looked at again: those of earlier versions, when there were no limits, hinder no other change.
 *
 * All limits are checked on the text, before anything is compiled, since compiling is what costs.
 *
 * @param before the project without the changes
 * @param place what stands before the fields of a changed document in the request
 */
export function patternIssues(
  before: ProjectView,
  changes: readonly Change[],
  place: (change: Change) => string = () => "",
): FieldIssue[] {
  const added = changes.flatMap((change) => {
    const after = patternsOf(change.entity, change.after);
    if (after.length === 0) return [];
    const known = new Set(patternsOf(change.entity, change.before).map(nameOf));
    const patterns = after
      .filter((pattern) => !known.has(nameOf(pattern)))
      .map((pattern) => ({ ...pattern, field: place(change) + pattern.field }));
    return patterns.length === 0 ? [] : [{ change, patterns }];
  });
  if (added.length === 0) return [];
  const all = added.flatMap(({ patterns }) => patterns);
  const oversized = all.flatMap(oversize);
  if (oversized.length > 0) return oversized.slice(0, SHOWN);
  const sums = sumIssues(before, overlay(before, changes), added);
  if (sums.length > 0) return sums.slice(0, SHOWN);
  return all
    .filter(({ text, ignoreCase }) => !isRegex(text, ignoreCase))
    .slice(0, SHOWN)
    .map(unreadable);
}

/** Regular expressions of a stored state that are not run, as saving would refuse them today. */
export function patternProblems(view: ProjectView, environment: string, state: FlagState): FieldIssue[] {
  const patterns = statePatterns(state);
  if (patterns.length === 0) return [];
  const oversized = patterns.flatMap(oversize);
  const kept = withinLimit(costsOf(environmentPatterns(view, environment)));
  const crowded = patterns
    .filter((pattern) => costOf(pattern) <= LIMITS.regexInstructions && !kept.has(nameOf(pattern)))
    .map(({ field, text }) => ({
      field,
      message: `${quoted(text)} is not run: the regular expressions of ${environment} take more than ${LIMITS.regexInstructionsPerEnvironment} instructions together (regexInstructionsPerEnvironment), so the largest are left out`,
    }));
  return [...oversized, ...crowded].slice(0, SHOWN);
}

const nameOf = ({ text, ignoreCase }: Pattern): string => patternName(text, ignoreCase);
const costOf = ({ text, ignoreCase }: Pattern): number => regexCost(text, ignoreCase);
const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);

const patternsOf = (entity: Change["entity"], body: Change["after"]): Pattern[] =>
  attributeTestsOf(entity, body).flatMap(patternsIn);

const statePatterns = (state: FlagState): Pattern[] => attributeTestsOf("state", state).flatMap(patternsIn);

function patternsIn({ field, test: { op, values = [], ignoreCase = false } }: PlacedTest): Pattern[] {
  if (op !== "matches") return [];
  return values.flatMap((text, index) =>
    typeof text === "string" ? [{ field: `${field}.values.${index}`, text, ignoreCase }] : [],
  );
}

/** Of one pattern by itself. */
function oversize(pattern: Pattern): FieldIssue[] {
  const { field, text } = pattern;
  if (text.length > LIMITS.regexChars) {
    const message = `a regular expression has at most ${LIMITS.regexChars} characters (regexChars), this one has ${text.length}; write several`;
    return [{ field, message }];
  }
  const cost = costOf(pattern);
  if (cost <= LIMITS.regexInstructions) return [];
  const message = `${quoted(text)} would take ${cost} instructions, at most ${LIMITS.regexInstructions} are allowed (regexInstructions): repeat less, such as {1,5} for {1,30}, above all inside each other; use fewer classes such as \\p{L}; or write several patterns`;
  return [{ field, message }];
}

const unreadable = ({ field, text }: Pattern): FieldIssue => ({
  field,
  message: `${quoted(text)} is not a regular expression that runs in linear time (RE2 syntax: no look-around, no back-references)`,
});

interface Added {
  readonly change: Change;
  readonly patterns: readonly Pattern[];
}

/** Of all patterns of a flag, a segment or an environment together. What was beyond before may stay, not grow. */
function sumIssues(before: ProjectView, after: ProjectView, added: readonly Added[]): FieldIssue[] {
  const issues: FieldIssue[] = [];
  const check = (
    what: string,
    limit: "regexInstructionsPerFlag" | "regexInstructionsPerEnvironment",
    patternsIn: (view: ProjectView) => Pattern[],
    culprits: readonly Added[],
  ) => {
    const max = LIMITS[limit];
    const sum = sumOf(patternsIn(after));
    if (sum <= max || sum <= sumOf(patternsIn(before))) return;
    const [largest] = culprits.flatMap(({ patterns }) => patterns).sort((a, b) => costOf(b) - costOf(a));
    const message = `the regular expressions of ${what} would take ${sum} instructions together, at most ${max} are allowed (${limit}; equal ones count once): repeat less, or use "contains", "ends_with" or "in" where they do`;
    issues.push({ field: largest?.field ?? "", message });
  };
  const states = added.filter(({ change }) => change.entity === "state");
  const segments = added.filter(({ change }) => change.entity === "segment");
  for (const [key, theirs] of Map.groupBy(states, ({ change }) => change.key))
    check(
      `the flag "${key}" in all environments`,
      "regexInstructionsPerFlag",
      (view) => flagPatterns(view, key),
      theirs,
    );
  for (const one of segments) {
    const { key } = one.change;
    check(`the segment "${key}"`, "regexInstructionsPerFlag", (view) => segmentPatterns(view, key), [one]);
  }
  for (const { key: environment } of after.list("environment")) {
    const here = [...states.filter(({ change }) => change.environment === environment), ...segments];
    if (here.length === 0) continue;
    const patternsIn = (view: ProjectView) => environmentPatterns(view, environment);
    check(`the environment "${environment}"`, "regexInstructionsPerEnvironment", patternsIn, here);
  }
  return issues;
}

const flagPatterns = (view: ProjectView, key: string): Pattern[] =>
  view.list("environment").flatMap(({ key: environment }) => {
    const state = view.get("state", environment, key)?.body;
    return state ? statePatterns(state) : [];
  });

const segmentPatterns = (view: ProjectView, key: string): Pattern[] =>
  patternsOf("segment", view.get("segment", "", key)?.body ?? null);

const MATCHES = '"op":"matches"';

/** Of everything that goes into the environment's snapshot. Reads only documents that hold one. */
function environmentPatterns(view: ProjectView, environment: string): Pattern[] {
  const states = view
    .mentioning("state", MATCHES)
    .filter((row) => row.environment === environment)
    .filter((row) => view.get("flag", "", row.key)?.body.archivedAt === undefined)
    .flatMap((row) => statePatterns(row.body));
  return [...states, ...view.mentioning("segment", MATCHES).flatMap(({ body }) => patternsOf("segment", body))];
}

/** Of distinct patterns that are run at all. */
function costsOf(patterns: readonly Pattern[]): Map<string, number> {
  const costs = new Map<string, number>();
  for (const pattern of patterns) {
    const name = nameOf(pattern);
    if (costs.has(name) || pattern.text.length > LIMITS.regexChars) continue;
    const cost = costOf(pattern);
    if (cost <= LIMITS.regexInstructions) costs.set(name, cost);
  }
  return costs;
}

function sumOf(patterns: readonly Pattern[]): number {
  let sum = 0;
  for (const cost of costsOf(patterns).values()) sum += cost;
  return sum;
}
