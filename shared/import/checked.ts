import type { z } from "zod";
import { OPERATOR_SCHEMAS } from "../evaluation/operators/operators.ts";
import { regexCost } from "../evaluation/operators/regex/cost.ts";
import { LIMITS } from "../limits.ts";
import { type Condition, walkCondition } from "../schema/condition.ts";
import { type FlagStateInput, flagDefinition, flagStateInput } from "../schema/flag.ts";
import { segment as segmentSchema } from "../schema/segment.ts";
import type { ImportReason, TranslatedFlag, TranslatedSegment, Translation } from "./model.ts";

/** Refuses what could not be saved, each with the reason, so that everything else can be imported. */
export function checked({ flags, segments, context }: Translation): Translation {
  const goodSegments = withUsable(segments.map(checkedSegment), ({ segment }) => segment?.when, "segment");
  const refusedSegments = keysOf(goodSegments);
  const checkedFlags = unique(flags)
    .map(checkedFlag)
    .map((one) => withoutSegments(one, refusedSegments));
  return { flags: asItsParents(withoutFlags(checkedFlags)), segments: goodSegments, context };
}

const refused = <T extends { key: string; reasons: readonly ImportReason[] }>(one: T, reasons: ImportReason[]) => ({
  key: one.key,
  status: "refused" as const,
  reasons: [...one.reasons, ...reasons],
});

const keysOf = (all: readonly { key: string; status: string }[]): Set<string> =>
  new Set(all.filter(({ status }) => status === "refused").map(({ key }) => key));

/** A key that stands twice is refused from its second place on. */
function unique(flags: readonly TranslatedFlag[]): TranslatedFlag[] {
  const met = new Set<string>();
  return flags.map((one) => {
    const isMet = met.has(one.key);
    met.add(one.key);
    return isMet ? refused(one, [{ path: one.key, message: "another flag of this file has the same key" }]) : one;
  });
}

function checkedFlag(one: TranslatedFlag): TranslatedFlag {
  if (!one.flag || !one.state) return one;
  const definition = flagDefinition.safeParse(one.flag);
  if (!definition.success) return refused(one, issuesOf(one.key, definition.error));
  const state = flagStateInput.safeParse(one.state);
  if (!state.success) return refused(one, issuesOf(one.key, state.error));
  const faults = (state.data as FlagStateInput).rules.flatMap(({ id, when }) => faultsOf(`${one.key}.${id}`, when));
  if (faults.length > 0) return refused(one, faults);
  return { ...one, flag: definition.data, state: state.data };
}

function checkedSegment(one: TranslatedSegment): TranslatedSegment {
  if (!one.segment) return one;
  const parsed = segmentSchema.safeParse(one.segment);
  if (!parsed.success) return refused(one, issuesOf(one.key, parsed.error));
  const faults = parsed.data.when ? faultsOf(one.key, parsed.data.when) : [];
  return faults.length > 0 ? refused(one, faults) : { ...one, segment: parsed.data };
}

const issuesOf = (key: string, error: z.ZodError): ImportReason[] =>
  error.issues.slice(0, 10).map(({ path, message }) => ({
    path: [key, ...path.map(String)].join("."),
    message: `cannot be kept: ${message}`,
  }));

/** Values and patterns that saving refuses. */
function faultsOf(path: string, condition: Condition): ImportReason[] {
  const faults: ImportReason[] = [];
  walkCondition(condition, (one) => {
    if (!("attribute" in one)) return;
    const { fault } = OPERATOR_SCHEMAS[one.op];
    for (const value of one.values ?? []) {
      const wrong = fault?.(value);
      if (wrong)
        faults.push({ path, message: `the value ${JSON.stringify(value)} of ${one.attribute} ${wrong.reason}` });
      if (one.op === "matches" && typeof value === "string") {
        const isLong = value.length > LIMITS.regexChars;
        if (isLong || regexCost(value, one.ignoreCase === true) > LIMITS.regexInstructions)
          faults.push({ path, message: `the regular expression of ${one.attribute} is larger than is allowed` });
      }
    }
  });
  return faults;
}

function segmentsIn(condition: Condition): string[] {
  const found: string[] = [];
  walkCondition(condition, (one) => {
    if ("segment" in one) found.push(one.segment);
  });
  return found;
}

/** Segments of refused segments are refused too, however long the chain is. */
function withUsable(
  segments: readonly TranslatedSegment[],
  whenOf: (one: TranslatedSegment) => Condition | undefined,
  what: string,
): TranslatedSegment[] {
  let all = [...segments];
  for (;;) {
    const gone = keysOf(all);
    const known = new Set(all.map(({ key }) => key));
    let changed = false;
    all = all.map((one) => {
      const when = whenOf(one);
      const missing = when && segmentsIn(when).find((key) => gone.has(key) || !known.has(key));
      if (missing === undefined) return one;
      changed = true;
      return refused(one, [{ path: one.key, message: `the ${what} "${missing}" is refused` }]);
    });
    if (!changed) return all;
  }
}

function withoutSegments(one: TranslatedFlag, gone: ReadonlySet<string>): TranslatedFlag {
  const used = (one.state?.rules ?? []).flatMap(({ when }) => segmentsIn(when)).find((key) => gone.has(key));
  return used === undefined ? one : refused(one, [{ path: one.key, message: `the segment "${used}" is refused` }]);
}

/** What depends on a refused flag is refused too, however long the chain is. */
function withoutFlags(flags: readonly TranslatedFlag[]): TranslatedFlag[] {
  let all = [...flags];
  for (;;) {
    const good = new Map(all.filter(({ flag }) => flag !== undefined).map((one) => [one.key, one]));
    let changed = false;
    all = all.map((one) => {
      if (!one.state) return one;
      const asked = testsOf(one.state).find(({ flag, variants }) => {
        const other = good.get(flag)?.flag;
        return !other || variants.some((variant) => !Object.hasOwn(other.variants, variant));
      });
      if (!asked) return one;
      changed = true;
      return refused(one, [{ path: one.key, message: `it depends on "${asked.flag}", which is not imported` }]);
    });
    if (!changed) return all;
  }
}

/** What depends on an approximate flag is approximate too, however long the chain is. */
function asItsParents(flags: readonly TranslatedFlag[]): TranslatedFlag[] {
  let all = [...flags];
  for (;;) {
    const approximate = new Set(all.filter(({ status }) => status === "approximate").map(({ key }) => key));
    let changed = false;
    all = all.map((one) => {
      const parent = one.state && testsOf(one.state).find(({ flag }) => approximate.has(flag));
      if (!parent || one.status !== "exact") return one;
      changed = true;
      const message = `it depends on "${parent.flag}", which is approximate: see there`;
      return { ...one, status: "approximate", reasons: [...one.reasons, { path: one.key, message }] };
    });
    if (!changed) return all;
  }
}

function testsOf({ prerequisites, rules }: FlagStateInput): { flag: string; variants: string[] }[] {
  const tests: { flag: string; variants: string[] }[] = [...prerequisites];
  for (const { when } of rules)
    walkCondition(when, (one) => {
      if ("flag" in one) tests.push(one);
    });
  return tests;
}
