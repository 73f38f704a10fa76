import { allocate } from "../../../../shared/evaluation/bucketing/allocate.ts";
import { findCycle, flagDependencies, segmentDependencies, tangled } from "../../../../shared/evaluation/graph.ts";
import { DEPENDENCY_DEPTH } from "../../../../shared/limits.ts";
import { type Condition, walkCondition } from "../../../../shared/schema/condition.ts";
import type { FlagState, FlagStateInput, Serve } from "../../../../shared/schema/flag.ts";
import type { FieldIssue, Rejection } from "../../../result.ts";
import type { Body, ProjectView, Row } from "../entities.ts";
import { askersIn } from "./askers.ts";

/** What a flag serves once enabled, unless told otherwise: its first variant that is not "off". */
export function defaultServe(flag: Body<"flag">): Serve {
  return { variant: Object.keys(flag.variants).find((variant) => variant !== flag.offVariant) ?? flag.offVariant };
}

/**
 * The state as it is stored: with a fallthrough, and every split with its ranges, derived from those that stood
 * there before (by rule, else by equal weights anywhere in the flag), so that an edit moves as few as possible.
 */
export function settleState(input: FlagStateInput, flag: Body<"flag">, previous: FlagState | null): FlagState {
  const before = new Map<string, Serve>();
  if (previous) {
    for (const rule of previous.rules) before.set(rule.id, rule.serve);
    before.set(FALLTHROUGH, previous.fallthrough);
  }
  const settle = (serve: Serve, place: string): Serve => {
    if (!("split" in serve)) return serve;
    const own = before.get(place);
    const base = serve.ranges ?? (own && "split" in own ? own.ranges : sameWeights(before, serve));
    return { ...serve, ranges: allocate(serve.split, base) };
  };
  return {
    ...input,
    rules: input.rules.map((rule) => ({ ...rule, serve: settle(rule.serve, rule.id) })),
    fallthrough: settle(input.fallthrough ?? previous?.fallthrough ?? defaultServe(flag), FALLTHROUGH),
  };
}

/** No rule can have this id: ids hold no spaces. */
const FALLTHROUGH = "the fallthrough";

function sameWeights(before: Map<string, Serve>, split: Extract<Serve, { split: unknown }>) {
  const weights = JSON.stringify(split.split);
  for (const serve of before.values()) {
    if ("split" in serve && JSON.stringify(serve.split) === weights && serve.by === split.by) return serve.ranges;
  }
  return undefined;
}

/** Names in a flag's state that lead nowhere, as issues of their fields. */
export function danglingReferences(view: ProjectView, key: string, flag: Body<"flag">, state: FlagState): FieldIssue[] {
  const issues: FieldIssue[] = [];
  const missing = (field: string, message: string) => issues.push({ field, message });
  const variants = Object.keys(flag.variants).join(", ");
  const checkVariant = (field: string, variant: string | null) => {
    if (variant !== null && !Object.hasOwn(flag.variants, variant))
      missing(field, `"${key}" has no variant "${variant}"; it has ${variants}`);
  };
  const checkServe = (field: string, serve: Serve) => {
    if (!("split" in serve)) checkVariant(`${field}.variant`, serve.variant);
    else
      for (const [index, part] of serve.split.entries()) checkVariant(`${field}.split.${index}.variant`, part.variant);
  };
  const checkFlag = (field: string, flagKey: string, wanted: string[]) => {
    const row = view.get("flag", "", flagKey);
    if (!row || row.body.archivedAt) return missing(field, `there is no flag "${flagKey}"`);
    for (const variant of wanted) {
      if (!Object.hasOwn(row.body.variants, variant))
        missing(field, `the flag "${flagKey}" has no variant "${variant}"`);
    }
  };

  if (state.killVariant !== undefined) checkVariant("killVariant", state.killVariant);
  checkServe("fallthrough", state.fallthrough);
  for (const [index, prerequisite] of state.prerequisites.entries()) {
    checkFlag(`prerequisites.${index}`, prerequisite.flag, prerequisite.variants);
  }
  for (const [index, rule] of state.rules.entries()) {
    checkServe(`rules.${index}.serve`, rule.serve);
    issues.push(...conditionReferences(view, `rules.${index}.when`, rule.when));
    walkCondition(rule.when, (c) => {
      if ("flag" in c) checkFlag(`rules.${index}.when`, c.flag, c.variants);
    });
  }
  if (state.layer && !view.get("layer", "", state.layer.layer))
    missing("layer", `there is no layer "${state.layer.layer}"`);
  if (state.holdout !== undefined) {
    if (!view.get("holdout", "", state.holdout)) missing("holdout", `there is no holdout "${state.holdout}"`);
    if (flag.purpose !== "release" && flag.purpose !== "experiment") {
      missing("holdout", `only release and experiment flags may opt into a holdout; this is a ${flag.purpose} flag`);
    }
  }
  return issues;
}

/** Segments that do not exist. Regular expressions have checks of their own: see patternIssues. */
export function conditionReferences(view: ProjectView, field: string, condition: Condition): FieldIssue[] {
  const issues: FieldIssue[] = [];
  walkCondition(condition, (c) => {
    if ("segment" in c && !view.get("segment", "", c.segment))
      issues.push({ field, message: `there is no segment "${c.segment}"` });
  });
  return issues;
}

export const isLive = (view: ProjectView, flag: string): boolean => {
  const row = view.get("flag", "", flag);
  return row !== null && row.body.archivedAt === undefined;
};

/**
 * As layerOverlap, for many flags of an environment at once: each that begins before another's range has ended. Sorted,
 * since an import may bring ten thousand into one layer.
 *
 * @param layers those that are looked at; left out: all
 */
export function layerOverlaps(
  view: ProjectView,
  environment: string,
  layers?: ReadonlySet<string>,
): { key: string; issue: FieldIssue }[] {
  const candidates = layers
    ? [...layers].flatMap((layer) => view.mentioning("state", `"layer":"${layer}"`))
    : view.list("state", environment);
  const rows = candidates.filter(
    (row) =>
      row.environment === environment &&
      row.body.layer &&
      (layers?.has(row.body.layer.layer) ?? true) &&
      isLive(view, row.key),
  );
  const overlaps: { key: string; issue: FieldIssue }[] = [];
  for (const [layer, theirs] of Map.groupBy(rows, ({ body }) => body.layer?.layer)) {
    let widest: Row<"state"> | null = null;
    for (const row of theirs.sort((a, b) => (a.body.layer?.from ?? 0) - (b.body.layer?.from ?? 0))) {
      const [mine, other] = [row.body.layer, widest?.body.layer];
      if (mine && other && mine.from < other.to && mine.from < mine.to)
        overlaps.push({ key: row.key, issue: overlapIssue(layer ?? "", widest as Row<"state">) });
      if (!other || (mine && mine.to > other.to)) widest = row;
    }
  }
  return overlaps;
}

const overlapIssue = (layer: string, { key, body }: Row<"state">): FieldIssue => ({
  field: "layer",
  message: `"${key}" already owns ${body.layer?.from}–${body.layer?.to} of the layer "${layer}"; choose a range beside it`,
});

/** Two flags of one layer must not share people. */
export function layerOverlap(view: ProjectView, environment: string, key: string, state: FlagState): FieldIssue[] {
  const mine = state.layer;
  if (!mine) return [];
  return view
    .mentioning("state", `"layer":"${mine.layer}"`)
    .filter((row) => row.environment === environment && row.key !== key && row.body.layer?.layer === mine.layer)
    .filter((row) => row.body.layer && row.body.layer.from < mine.to && mine.from < row.body.layer.to)
    .filter((row) => isLive(view, row.key))
    .map((row) => overlapIssue(mine.layer, row));
}

/** The way from a flag back to itself through prerequisites, as saved with `state` in place. */
export function flagCycle(view: ProjectView, environment: string, key: string, state: FlagState): Rejection | null {
  const path = findCycle(key, (flag) => {
    const its = flag === key ? state : view.get("state", environment, flag)?.body;
    return its ? flagDependencies(its) : [];
  });
  return path && { code: "cycle", what: "flags", path };
}

/** A chain through this flag, with `state` in place, that the evaluator would not follow. There must be no circle in it. */
export function flagTooDeep(view: ProjectView, environment: string, key: string, state: FlagState): Rejection | null {
  const askersOf = askersIn(view, [{ key }]);
  const below = longestChain(key, (flag) => {
    if (flag === key) return flagDependencies(state);
    const its = isLive(view, flag) ? view.get("state", environment, flag)?.body : undefined;
    return its ? flagDependencies(its) : [];
  });
  const above = longestChain(key, (flag) =>
    askersOf(flag)
      .filter((asker) => asker.environment === environment && isLive(view, asker.key))
      .map((asker) => asker.key),
  );
  return below + above > DEPENDENCY_DEPTH ? TOO_DEEP : null;
}

/** How many steps lead on from a key at most. */
function longestChain(start: string, steps: (key: string) => readonly string[]): number {
  const known = new Map<string, number>();
  const from = (key: string): number => {
    const found = known.get(key);
    if (found !== undefined) return found;
    // Ends in a circle too, which no saved state has.
    known.set(key, 0);
    const longest = steps(key).reduce((most, next) => Math.max(most, 1 + from(next)), 0);
    known.set(key, longest);
    return longest;
  };
  return from(start);
}

/** A circle or too long a chain of any flags of an environment. Reads each state once, however many there are. */
export function flagsTangled(view: ProjectView, environment: string): Rejection | null {
  const edges = flagEdges(view, environment);
  return cycleIn("flags", edges) ?? tooDeep(edges);
}

const flagEdges = (view: ProjectView, environment: string): Map<string, string[]> =>
  new Map(
    view
      .mentioning("state", '"flag":"')
      .filter((row) => row.environment === environment && isLive(view, row.key))
      .map((row) => [row.key, flagDependencies(row.body)]),
  );

function cycleIn(what: "flags" | "segments", edges: ReadonlyMap<string, readonly string[]>): Rejection | null {
  // No key is empty, so this one can stand before all of them.
  const path = findCycle("", (key) => (key === "" ? [...edges.keys()] : (edges.get(key) ?? [])));
  return path && { code: "cycle", what, path };
}

/** Chains of segments that the evaluator would not follow, with `definition` in place. */
export function segmentsTooDeep(view: ProjectView, key: string, definition: Body<"segment">): Rejection | null {
  const edges = segmentEdges(view);
  edges.set(key, definition.when ? segmentDependencies(definition.when) : []);
  return tooDeep(edges);
}

/** A circle or too long a chain of any segments. */
export function segmentsTangled(view: ProjectView): Rejection | null {
  const edges = segmentEdges(view);
  return cycleIn("segments", edges) ?? tooDeep(edges);
}

function segmentEdges(view: ProjectView): Map<string, string[]> {
  const edges = new Map<string, string[]>();
  for (const { key, body } of view.mentioning("segment", '"segment":"'))
    if (body.when) edges.set(key, segmentDependencies(body.when));
  return edges;
}

function tooDeep(edges: ReadonlyMap<string, readonly string[]>): Rejection | null {
  const keys = new Set([...edges.keys(), ...[...edges.values()].flat()]);
  if (tangled(keys, (key) => edges.get(key) ?? []).size === 0) return null;
  return TOO_DEEP;
}

const TOO_DEEP: Rejection = {
  code: "limit-exceeded",
  limit: "dependencyDepth",
  max: DEPENDENCY_DEPTH,
  actual: DEPENDENCY_DEPTH + 1,
};

export function segmentCycle(view: ProjectView, key: string, definition: Body<"segment">): Rejection | null {
  const path = findCycle(key, (segment) => {
    const when = segment === key ? definition.when : view.get("segment", "", segment)?.body.when;
    return when ? segmentDependencies(when) : [];
  });
  return path && { code: "cycle", what: "segments", path };
}
