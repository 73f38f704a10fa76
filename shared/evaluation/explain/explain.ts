import { MATCHED_ELEMENTS } from "../../limits.ts";
import type { BucketTest } from "../../schema/bucket.ts";
import type { AttributeTest, Condition, SomeTest } from "../../schema/condition.ts";
import type { Serve } from "../../schema/flag.ts";
import type { Json } from "../../schema/primitives.ts";
import type { SnapshotSegment } from "../../schema/segment.ts";
import type { Kill, Snapshot, SnapshotFlag } from "../../schema/snapshot.ts";
import { identityText, parsePath, readAttribute } from "../attribute.ts";
import { allocate } from "../bucketing/allocate.ts";
import { bucket } from "../bucketing/bucket.ts";
import { placeOf, readingOf } from "../dialects/dialects.ts";
import { elementContext } from "../element.ts";
import { flagDependencies, segmentDependencies, tangled } from "../graph.ts";
import type { Cause, Reason } from "../model/outcome.ts";
import type { RegexEngine, SearchPlan } from "../model/search.ts";
import type { TruthName } from "../model/truth.ts";
import { parseInstant } from "../operators/date/instant.ts";
import { planSearches } from "../operators/plan-searches.ts";
import { Effort } from "./effort.ts";
import { type AttributeTrace, explainAttribute } from "./explain-attribute.ts";

/*
 * The slow, obvious interpreter. It answers why a subject gets what it gets (the playground), and it is the
 * reference that the compiled evaluator is tested against, so it shares none of that one's short cuts.
 */

export interface ConditionTrace {
  readonly result: TruthName;
  /** The condition itself, without what stands inside it. */
  readonly all?: readonly ConditionTrace[];
  readonly any?: readonly ConditionTrace[];
  readonly not?: ConditionTrace;
  readonly unless?: ConditionTrace;
  readonly bucket?: BucketTest;
  readonly now?: { from?: string | undefined; before?: string | undefined };
  /** Of a condition on a list's elements, which `any` explains. */
  readonly some?: SomeTest;
  /** Of a bucket condition: where the subject stands; null: nowhere. */
  readonly position?: number | null;
  readonly test?: AttributeTrace;
  readonly segment?: string;
  /** Why the segment says so. */
  readonly because?:
    | "excluded"
    | "included"
    | "not listed"
    | "no such segment"
    | "cycle"
    | "key attribute missing"
    | "long list not read";
  readonly when?: ConditionTrace;
  readonly flag?: string;
  readonly variants?: readonly string[];
  /** What the tested flag serves. */
  readonly served?: string | null;
}

export interface BucketTrace {
  readonly by: string;
  /** Null: the subject lacks the attribute. */
  readonly bucket: number | null;
}

export interface RuleTrace {
  readonly id: string;
  readonly skipped?: "paused" | "expired";
  readonly condition?: ConditionTrace;
  readonly split?: BucketTrace;
}

export interface Explanation {
  readonly key: string;
  /** Left out when there is none. */
  readonly value?: Json;
  readonly variant: string | null;
  readonly reason: Reason;
  readonly cause: Cause;
  readonly ruleId: string | null;
  readonly trace: {
    readonly prerequisites: readonly ConditionTrace[];
    readonly holdout?: BucketTrace & { readonly heldOut: boolean };
    readonly layer?: BucketTrace & { readonly inside: boolean };
    /** Rules in order, up to the one that decided. */
    readonly rules: readonly RuleTrace[];
    readonly fallthrough?: BucketTrace;
    /** Kills that decided, in the order they applied. */
    readonly kills: readonly Kill[];
  };
}

interface Interpreter {
  readonly snapshot: Snapshot;
  readonly kills: readonly Kill[];
  readonly context: object | null;
  readonly now: number;
  readonly searches: SearchPlan;
  readonly memberships: ReadonlyMap<string, boolean>;
  readonly effort: Effort;
  readonly tangledFlags: ReadonlySet<string>;
  readonly tangledSegments: ReadonlySet<string>;
  readonly done: Map<string, Explanation>;
  readonly segmentsDone: Map<string, { trace: ConditionTrace; size: number }>;
}

/**
 * What every flag of a snapshot serves a context, in the order of keys, and why. The result is plain JSON.
 *
 * @param kills the kills in force, the snapshot's own included if they are to count
 * @param now milliseconds since 1970
 * @internal Tests read all of it at once; the playground takes one at a time from `explainEach`.
 */
export function explain(
  snapshot: Snapshot,
  kills: readonly Kill[],
  context: unknown,
  now: number,
  regex: RegexEngine,
  memberships: ReadonlyMap<string, boolean> = new Map(),
): Explanation[] {
  return [...explainEach(snapshot, kills, context, now, regex, memberships)];
}

/**
 * The same, one flag at a time, for callers that let others run in between.
 *
 * @param only the one flag to explain; left out, every one
 * @param effort what all of it may take; beyond it, `TooMuchToExplain` is thrown
 */
export function* explainEach(
  snapshot: Snapshot,
  kills: readonly Kill[],
  context: unknown,
  now: number,
  regex: RegexEngine,
  memberships: ReadonlyMap<string, boolean>,
  { only, effort = new Effort(Number.POSITIVE_INFINITY) }: { only?: string | undefined; effort?: Effort } = {},
): Generator<Explanation> {
  const { flags, segments } = snapshot;
  const interpreter: Interpreter = {
    snapshot,
    kills,
    context: typeof context === "object" && context !== null && !Array.isArray(context) ? context : null,
    now,
    searches: planSearches(snapshot, regex),
    memberships,
    effort,
    tangledFlags: tangled(Object.keys(flags), (key) => flagDependencies((flags[key] as SnapshotFlag).state)),
    tangledSegments: tangled(Object.keys(segments), (key) => {
      const { when } = segments[key] as SnapshotSegment;
      return when ? segmentDependencies(when) : [];
    }),
    done: new Map(),
    segmentsDone: new Map(),
  };
  for (const key of Object.keys(flags).sort())
    if (only === undefined || key === only) yield explainFlag(interpreter, key);
}

function explainFlag(interpreter: Interpreter, key: string): Explanation {
  const known = interpreter.done.get(key);
  if (known) return known;
  const flag = interpreter.snapshot.flags[key] as SnapshotFlag;
  const explanation = explainKills(interpreter, key, flag, explainTarget(interpreter, key, flag));
  interpreter.done.set(key, explanation);
  return explanation;
}

/** Of several kills of one target, the newest revision; the later in the list among equals. */
function killOf(interpreter: Interpreter, key: string, variant: string | undefined): Kill | undefined {
  let found: Kill | undefined;
  for (const kill of interpreter.kills) {
    if (kill.flag !== key || kill.variant !== variant) continue;
    if (!found || kill.revision >= found.revision) found = kill;
  }
  return found;
}

function explainKills(interpreter: Interpreter, key: string, flag: SnapshotFlag, alive: Explanation): Explanation {
  const applied: Kill[] = [];
  const whole = killOf(interpreter, key, undefined);
  if (whole) applied.push(whole);
  let variant = whole ? knownVariant(flag, whole.serve) : alive.variant;
  const met = new Set<string>();
  while (variant !== null) {
    const kill = killOf(interpreter, key, variant);
    if (!kill) break;
    applied.push(kill);
    if (met.has(variant)) {
      variant = null;
    } else {
      met.add(variant);
      variant = knownVariant(flag, kill.serve);
    }
  }
  if (applied.length === 0) return alive;
  return result(key, flag, variant, "DISABLED", "killed", null, { ...alive.trace, kills: applied });
}

function knownVariant(flag: SnapshotFlag, variant: string | null): string | null {
  return variant !== null && Object.hasOwn(flag.variants, variant) ? variant : null;
}

function result(
  key: string,
  flag: SnapshotFlag,
  wanted: string | null,
  reason: Reason,
  cause: Cause,
  ruleId: string | null,
  trace: Explanation["trace"],
): Explanation {
  const variant = knownVariant(flag, wanted);
  const explanation = { key, variant, reason, cause, ruleId, trace };
  return variant === null ? explanation : { ...explanation, value: flag.variants[variant] as Json };
}

/** What the flag serves while nothing kills it. */
function explainTarget(interpreter: Interpreter, key: string, flag: SnapshotFlag): Explanation {
  const { state, offVariant } = flag;
  const { snapshot } = interpreter;
  const rules: RuleTrace[] = [];
  let trace: Explanation["trace"] = { prerequisites: [], rules, kills: [] };
  const off = (cause: Cause): Explanation => result(key, flag, offVariant, "DISABLED", cause, null, trace);
  if (!state.enabled) return off("disabled");

  const prerequisites = state.prerequisites.map((one) => explainCondition(interpreter, one));
  trace = { ...trace, prerequisites };
  const met = conjunction(prerequisites.map((one) => one.result));
  if (met === "blocked") return off("blocked");
  if (met !== "true") return off("prerequisite");

  if (state.holdout !== undefined && Object.hasOwn(snapshot.holdouts, state.holdout)) {
    const { by, seed, share } = snapshot.holdouts[state.holdout] as Snapshot["holdouts"][string];
    const at = bucketOf(interpreter, by, seed);
    const heldOut = at !== null && at < share;
    trace = { ...trace, holdout: { by, bucket: at, heldOut } };
    if (heldOut) return off("holdout");
  }
  if (state.layer) {
    if (!Object.hasOwn(snapshot.layers, state.layer.layer)) return off("layer");
    const { by, seed } = snapshot.layers[state.layer.layer] as Snapshot["layers"][string];
    const at = bucketOf(interpreter, by, seed);
    const inside = at !== null && at >= state.layer.from && at < state.layer.to;
    trace = { ...trace, layer: { by, bucket: at, inside } };
    if (!inside) return off("layer");
  }

  for (const rule of state.rules) {
    if (rule.paused) {
      rules.push({ id: rule.id, skipped: "paused" });
      continue;
    }
    if (rule.expiresAt !== undefined && parseInstant(rule.expiresAt) <= interpreter.now) {
      rules.push({ id: rule.id, skipped: "expired" });
      continue;
    }
    const condition = explainCondition(interpreter, rule.when);
    if (condition.result !== "true") {
      rules.push({ id: rule.id, condition });
      if (condition.result === "blocked") return off("blocked");
      continue;
    }
    if (!("split" in rule.serve)) {
      rules.push({ id: rule.id, condition });
      return result(key, flag, rule.serve.variant, "TARGETING_MATCH", "rule", rule.id, trace);
    }
    const split = { by: rule.serve.by, bucket: bucketOf(interpreter, rule.serve.by, flag.seed) };
    rules.push({ id: rule.id, condition, split });
    if (split.bucket !== null)
      return result(key, flag, ownerOf(rule.serve, split.bucket), "SPLIT", "rule", rule.id, trace);
  }

  const { fallthrough } = state;
  if (!("split" in fallthrough)) {
    const unconditional =
      state.rules.every((rule) => rule.paused) &&
      state.prerequisites.length === 0 &&
      !state.layer &&
      trace.holdout === undefined;
    const reason = unconditional ? "STATIC" : "DEFAULT";
    return result(key, flag, fallthrough.variant, reason, "fallthrough", null, trace);
  }
  const at = bucketOf(interpreter, fallthrough.by, flag.seed);
  trace = { ...trace, fallthrough: { by: fallthrough.by, bucket: at } };
  if (at === null) return result(key, flag, offVariant, "DEFAULT", "fallthrough", null, trace);
  return result(key, flag, ownerOf(fallthrough, at), "SPLIT", "fallthrough", null, trace);
}

function bucketOf(interpreter: Interpreter, by: string, seed: string): number | null {
  const identity = identityText(attribute(interpreter, by));
  return identity === null ? null : bucket(seed, identity);
}

function attribute(interpreter: Interpreter, path: string): unknown {
  return interpreter.context === null ? undefined : readAttribute(interpreter.context, parsePath(path));
}

function ownerOf(serve: Extract<Serve, { split: unknown }>, at: number): string | null {
  const ranges = serve.ranges ?? allocate(serve.split);
  return ranges.find((range) => range.from <= at && at < range.to)?.variant ?? null;
}

function conjunction(results: readonly TruthName[]): TruthName {
  for (const name of ["false", "unknown", "blocked"] as const) if (results.includes(name)) return name;
  return "true";
}

function disjunction(results: readonly TruthName[]): TruthName {
  for (const name of ["true", "blocked", "unknown"] as const) if (results.includes(name)) return name;
  return "false";
}

const NEGATED: Readonly<Record<TruthName, TruthName>> = {
  true: "false",
  false: "true",
  unknown: "unknown",
  blocked: "blocked",
};

function explainCondition(interpreter: Interpreter, condition: Condition): ConditionTrace {
  if ("all" in condition) {
    const all = condition.all.map((child) => explainCondition(interpreter, child));
    return { result: conjunction(all.map((child) => child.result)), all };
  }
  if ("any" in condition) {
    const any = condition.any.map((child) => explainCondition(interpreter, child));
    return { result: disjunction(any.map((child) => child.result)), any };
  }
  if ("not" in condition) {
    const not = explainCondition(interpreter, condition.not);
    return { result: NEGATED[not.result], not };
  }
  if ("unless" in condition) {
    const unless = explainCondition(interpreter, condition.unless);
    const { result } = unless;
    return { result: result === "blocked" ? result : result === "true" ? "false" : "true", unless };
  }
  if ("bucket" in condition) return explainBucket(interpreter, condition.bucket);
  if ("now" in condition) {
    const { from, before } = condition.now;
    const begun = from === undefined || parseInstant(from) <= interpreter.now;
    const over = before !== undefined && parseInstant(before) <= interpreter.now;
    return { result: begun && !over ? "true" : "false", now: condition.now };
  }
  if ("some" in condition) return explainSome(interpreter, condition.some);
  if ("segment" in condition) return segmentOnce(interpreter, condition.segment);
  if ("flag" in condition) return explainFlagTest(interpreter, condition.flag, condition.variants);
  const actual = converted(condition, attribute(interpreter, condition.attribute), interpreter.now);
  interpreter.effort.test(condition, actual);
  const test = explainAttribute(condition, actual, interpreter.searches);
  return { result: condition.negate ? NEGATED[test.holds] : test.holds, test };
}

/** The attribute as the test reads it; what cannot be read is absent. */
function converted({ as }: AttributeTest, actual: unknown, now: number): unknown {
  if (as === undefined) return actual;
  try {
    return readingOf(as)(actual, now);
  } catch {
    return undefined;
  }
}

/** Element by element. */
function explainSome(interpreter: Interpreter, some: SomeTest): ConditionTrace {
  const list = attribute(interpreter, some.attribute);
  if (!Array.isArray(list) || list.length > MATCHED_ELEMENTS) return { result: "unknown", some };
  const elements = list.map((one) => explainCondition({ ...interpreter, context: elementContext(one) }, some.when));
  return { result: disjunction(elements.map((one) => one.result)), some, any: elements };
}

function explainBucket(interpreter: Interpreter, bucket: BucketTest): ConditionTrace {
  let position = Number.NaN;
  try {
    position = placeOf(bucket)(attribute(interpreter, bucket.by));
  } catch {
    // An object that has no text stands nowhere, as in the compiled test.
    return { result: "unknown", bucket, position: null };
  }
  const inside = position >= bucket.from && position < bucket.to;
  return { result: inside ? "true" : "false", bucket, position: Number.isNaN(position) ? null : position };
}

function explainFlagTest(interpreter: Interpreter, flag: string, variants: readonly string[]): ConditionTrace {
  if (!Object.hasOwn(interpreter.snapshot.flags, flag) || interpreter.tangledFlags.has(flag))
    return { result: "blocked", flag, variants };
  const { variant, cause } = explainFlag(interpreter, flag);
  const blocked = cause === "killed" || cause === "disabled" || cause === "blocked";
  const holds = variant !== null && variants.includes(variant);
  return { result: blocked ? "blocked" : holds ? "true" : "false", flag, variants, served: variant };
}

/** Many flags mention the same segments, and these each other. */
function segmentOnce(interpreter: Interpreter, segment: string): ConditionTrace {
  const { effort, segmentsDone } = interpreter;
  const known = segmentsDone.get(segment);
  if (known) {
    effort.again(known.size);
    return known.trace;
  }
  const before = effort.size;
  const trace = explainSegment(interpreter, segment);
  segmentsDone.set(segment, { trace, size: 1 + effort.size - before });
  return trace;
}

function explainSegment(interpreter: Interpreter, segment: string): ConditionTrace {
  const { segments } = interpreter.snapshot;
  if (!Object.hasOwn(segments, segment)) return { result: "unknown", segment, because: "no such segment" };
  if (interpreter.tangledSegments.has(segment)) return { result: "unknown", segment, because: "cycle" };
  const { by, included, excluded, when, list } = segments[segment] as SnapshotSegment;
  const identity = identityText(attribute(interpreter, by));
  if (identity !== null && excluded.includes(identity)) return { result: "false", segment, because: "excluded" };
  const listed = interpreter.memberships.get(segment);
  if (listed === true || (identity !== null && included.includes(identity)))
    return { result: "true", segment, because: "included" };
  const unresolved = list !== undefined && listed === undefined && identity !== null;
  const missing = identity === null && listed === undefined;
  const because = unresolved ? "long list not read" : missing ? "key attribute missing" : "not listed";
  if (when) {
    const trace = explainCondition(interpreter, when);
    return {
      result: unresolved ? disjunction(["unknown", trace.result]) : trace.result,
      segment,
      because,
      when: trace,
    };
  }
  return { result: because === "not listed" ? "false" : "unknown", segment, because };
}
