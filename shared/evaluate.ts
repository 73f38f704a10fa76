import { type AttributePath, identityText, isPlain, readAttribute, readPlain } from "./attribute.ts";
import { bucketOf, unitHash } from "./bucket.ts";
import type { CompiledFlag, CompiledRule, CompiledServe, CompiledShare, CompiledSnapshot, Unit } from "./compile.ts";
import { ALL, ANY, type CompiledSegment, type ConditionNode, FLAG, NOT, SEGMENT, TEST } from "./condition-compiler.ts";
import { testElements } from "./match.ts";
import { type Cause, makeOutcome, type Outcome } from "./outcome.ts";
import { BLOCKED, FALSE, TRUE, type Truth, UNKNOWN } from "./truth.ts";

export type { Cause, Outcome, Reason } from "./outcome.ts";

/** Who asks: holders of client keys see only what is meant for them. */
export type Audience = "client" | "server";

/**
 * Segments whose long list was looked up outside: whether the list holds this subject. It stands for the
 * segment's included list, so an explicit exclusion still wins and `when` still adds.
 */
export type Memberships = ReadonlyMap<string, boolean>;

/**
 * One request's context, prepared for one compiled snapshot. Several may be alive at once: what was worked out is
 * kept in the snapshot under the subject's stamp, and another subject's work only costs it being done again.
 */
export interface Subject {
  readonly compiled: CompiledSnapshot;
  readonly context: object | null;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly memberships: Memberships | undefined;
  readonly stamp: number;
  /** Whether the context may be read without asking what is its own; undefined until an attribute is read. */
  plain: boolean | undefined;
}

const MAX_STAMP = 2 ** 29 - 1;

/**
 * Prepares a context. Anything but a JSON object knows no attributes.
 *
 * @param now milliseconds since 1970
 */
export function prepare(compiled: CompiledSnapshot, context: unknown, now: number, memberships?: Memberships): Subject {
  // After half a billion subjects stamps start again; one that lived all that time is the accepted risk.
  if (compiled.stamp >= MAX_STAMP) {
    compiled.stamp = 0;
    compiled.memo.fill(0);
    compiled.unitMemo.fill(0);
  }
  return {
    compiled,
    context: objectOnly(context),
    now,
    memberships,
    stamp: ++compiled.stamp,
    plain: undefined,
  };
}

function objectOnly(context: unknown): object | null {
  if (typeof context !== "object" || context === null) return null;
  try {
    return Array.isArray(context) ? null : context;
  } catch {
    // A revoked proxy.
    return null;
  }
}

/** What a flag serves a subject; undefined when there is no such flag. Never throws. */
export function evaluate(compiled: CompiledSnapshot, flagKey: string, subject: Subject): Outcome | undefined {
  const flag = compiled.flags.get(flagKey);
  if (flag === undefined) return undefined;
  return flag.fixed ?? decide(flag, belonging(compiled, subject));
}

/** Whether this audience may learn of the outcome, and so of its flag. */
export function visibleTo(outcome: Outcome, audience: Audience): boolean {
  return audience === "server" || outcome.clientVisible;
}

/**
 * All flags that the audience may see, in the order of their keys.
 *
 * @returns `flags`: OFREP evaluation results joined by commas, without brackets; `etag`: 16 hex digits that
 * depend on those bytes alone, unquoted
 */
export function evaluateAll(
  compiled: CompiledSnapshot,
  subject: Subject,
  audience: Audience,
): { flags: string; etag: string } {
  const own = belonging(compiled, subject);
  const client = audience === "client";
  let flags = "";
  // Two polynomials over the fragments' hashes: odd factors, so that one changed fragment always changes the sum.
  let high = 0x2545f491;
  let low = 0x6c078965;
  for (const flag of compiled.ordered) {
    const outcome = flag.fixed ?? decide(flag, own);
    if (client && !outcome.clientVisible) continue;
    if (flags === "") flags = client ? outcome.clientJson : outcome.serverJson;
    else flags += client ? outcome.clientPart : outcome.serverPart;
    high = (Math.imul(high, 0x5bd1e995) + (client ? outcome.clientHigh : outcome.serverHigh)) | 0;
    low = (Math.imul(low, 0x1b873593) + (client ? outcome.clientLow : outcome.serverLow)) | 0;
  }
  return { flags, etag: hex(high) + hex(low) };
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

/** A subject prepared for another snapshot carries that one's stamp, which means nothing here. */
function belonging(compiled: CompiledSnapshot, subject: Subject): Subject {
  return subject.compiled === compiled ? subject : prepare(compiled, subject.context, subject.now, subject.memberships);
}

function decide(flag: CompiledFlag, subject: Subject): Outcome {
  if (flag.fixed !== null) return flag.fixed;
  if (flag.kill !== null) {
    flag.fixed = afterVariantKills(flag, spare(flag, "killed", flag.kill.serve));
    return flag.fixed;
  }
  const outcome = flag.variantKills === null ? target(flag, subject) : afterVariantKills(flag, target(flag, subject));
  if (flag.constant) flag.fixed = outcome;
  return outcome;
}

/** What the flag serves while nothing kills it. */
function target(flag: CompiledFlag, subject: Subject): Outcome {
  if (flag.gated) {
    const stopped = gate(flag, subject);
    if (stopped !== null) return stopped;
  }
  const { rules, places } = flag;
  const { memo } = subject.compiled;
  for (let index = 0; index < places.length; index++) {
    const known = memo[places[index] as number] as number;
    if (flag.expiring && !(subject.now < (rules[index] as CompiledRule).expiresAt)) continue;
    const matches =
      known >> 2 === subject.stamp ? known & 3 : decideCondition((rules[index] as CompiledRule).when, subject);
    if (matches === BLOCKED) return off(flag, "blocked");
    if (matches !== TRUE) continue;
    const served = serve(flag, (rules[index] as CompiledRule).serve, subject);
    if (served !== null) return served;
  }
  return serve(flag, flag.fallthrough, subject) ?? off(flag, "fallthrough");
}

/** What the flag serves instead of what its rules say; null: they decide. */
function gate(flag: CompiledFlag, subject: Subject): Outcome | null {
  if (!flag.enabled) return off(flag, "disabled");
  if (flag.prerequisites !== null) {
    const met = decideCondition(flag.prerequisites, subject);
    if (met !== TRUE) return off(flag, met === BLOCKED ? "blocked" : "prerequisite");
  }
  if (flag.holdout !== null && within(flag.holdout, subject)) return off(flag, "holdout");
  if (flag.layer !== null && (flag.layer === "outside" || !within(flag.layer, subject))) return off(flag, "layer");
  return null;
}

/**
 * Who would get a killed variant gets that kill's variant, which may be killed as well; kills that lead back to
 * where they started leave no value.
 */
function afterVariantKills(flag: CompiledFlag, outcome: Outcome): Outcome {
  const kills = flag.variantKills;
  if (kills === null || outcome.variant === null || !kills.has(outcome.variant)) return outcome;
  let variant: string | null = outcome.variant;
  for (let step = 0; variant !== null; step++) {
    const kill = kills.get(variant);
    if (!kill) break;
    variant = step < kills.size ? kill.serve : null;
  }
  return spare(flag, "killed", variant);
}

function off(flag: CompiledFlag, cause: Cause): Outcome {
  return spare(flag, cause, flag.offVariant);
}

function spare(flag: CompiledFlag, cause: Cause, variant: string | null): Outcome {
  const name = variant === null ? cause : `${cause} ${variant}`;
  flag.spare ??= new Map();
  let outcome = flag.spare.get(name);
  if (outcome === undefined) {
    outcome = makeOutcome(flag, variant, cause === "fallthrough" ? "DEFAULT" : "DISABLED", cause);
    flag.spare.set(name, outcome);
  }
  return outcome;
}

/** Null: the subject lacks the attribute that buckets, so the split does not apply. */
function serve(flag: CompiledFlag, served: CompiledServe, subject: Subject): Outcome | null {
  let arm = 0;
  if (served.unit !== null) {
    if (!hasUnit(served.unit, subject)) return null;
    const hash = subject.compiled.unitHashes[served.unit.slot] as number;
    arm = served.owners[rangeOf(served.ends, bucketOf(served.seed, hash))] ?? 0;
  }
  return served.outcomes[arm] ?? firstServed(flag, served, arm);
}

function firstServed(flag: CompiledFlag, served: CompiledServe, arm: number): Outcome {
  const { ruleId } = served;
  const cause = ruleId === null ? "fallthrough" : "rule";
  const outcome = makeOutcome(flag, served.arms[arm] ?? null, served.reason, cause, ruleId);
  served.outcomes[arm] = outcome;
  return outcome;
}

function rangeOf(ends: readonly number[], bucket: number): number {
  let low = 0;
  if (ends.length <= 8) {
    // Without a branch on the bucket, which no processor can predict.
    for (let index = 0; index < ends.length - 1; index++) low += ((ends[index] as number) - 1 - bucket) >>> 31;
    return low;
  }
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bucket < (ends[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function within(share: CompiledShare, subject: Subject): boolean {
  if (!hasUnit(share.unit, subject)) return false;
  const bucket = bucketOf(share.seed, subject.compiled.unitHashes[share.unit.slot] as number);
  return share.from <= bucket && bucket < share.to;
}

function read(subject: Subject, path: AttributePath): unknown {
  const { context } = subject;
  if (context === null) return undefined;
  subject.plain ??= isPlain(context);
  return subject.plain && !path.inherited ? readPlain(context, path) : readAttribute(context, path);
}

/** Whether the subject has the bucketing attribute; afterwards its hash stands in `unitHashes`. */
function hasUnit(unit: Unit, subject: Subject): boolean {
  const { unitMemo, unitHashes } = subject.compiled;
  const known = unitMemo[unit.slot] as number;
  if (known >> 1 === subject.stamp) return (known & 1) === 1;
  let identity: string | null = null;
  try {
    identity = identityText(read(subject, unit.path));
  } catch {
    // A getter or proxy in a context that did not come from JSON: the attribute is absent.
  }
  if (identity !== null) unitHashes[unit.slot] = unitHash(identity);
  unitMemo[unit.slot] = (subject.stamp << 1) | (identity === null ? 0 : 1);
  return identity !== null;
}

/** Tests of attributes, most of all conditions, take the short way: no recursion, so the engine can inline it. */
function decideCondition(node: ConditionNode, subject: Subject): Truth {
  return node.kind === TEST ? testAttribute(node, subject) : combine(node, subject);
}

function combine(node: ConditionNode, subject: Subject): Truth {
  if (!node.shared) return workOut(node, subject);
  const { memo } = subject.compiled;
  const known = memo[node.id] as number;
  if (known >> 2 === subject.stamp) return (known & 3) as Truth;
  const truth = workOut(node, subject);
  memo[node.id] = (subject.stamp << 2) | truth;
  return truth;
}

function workOut(node: ConditionNode, subject: Subject): Truth {
  const { children } = node;
  switch (node.kind) {
    case ALL: {
      let result: Truth = TRUE;
      for (let index = 0; index < children.length; index++) {
        const truth = decideCondition(children[index] as ConditionNode, subject);
        if (truth === FALSE) return FALSE;
        if (truth === UNKNOWN || (truth === BLOCKED && result === TRUE)) result = truth;
      }
      return result;
    }
    case ANY: {
      let result: Truth = FALSE;
      for (let index = 0; index < children.length; index++) {
        const truth = decideCondition(children[index] as ConditionNode, subject);
        if (truth === TRUE) return TRUE;
        if (truth === BLOCKED || (truth === UNKNOWN && result === FALSE)) result = truth;
      }
      return result;
    }
    case NOT:
      return negated(decideCondition(children[0] as ConditionNode, subject));
    case SEGMENT:
      return inSegment(node.segment as CompiledSegment, subject);
    case FLAG: {
      const outcome = decide(node.flag as CompiledFlag, subject);
      if (outcome.blocked) return BLOCKED;
      return outcome.variant !== null && node.variants.includes(outcome.variant) ? TRUE : FALSE;
    }
    default:
      return node.constant;
  }
}

function negated(truth: Truth): Truth {
  return truth === TRUE ? FALSE : truth === FALSE ? TRUE : truth;
}

function testAttribute(node: ConditionNode, subject: Subject): Truth {
  if (node.shared) {
    const known = subject.compiled.memo[node.id] as number;
    if (known >> 2 === subject.stamp) return (known & 3) as Truth;
  }
  let truth: Truth;
  try {
    const value = read(subject, node.path as AttributePath);
    // The commonest operators without an indirect call.
    if (typeof value === "string" && node.text !== null) truth = value === node.text ? TRUE : FALSE;
    else if (typeof value === "string" && node.texts !== null) truth = node.texts.has(value) ? TRUE : FALSE;
    else truth = testValue(node, value);
  } catch {
    // Only a getter or proxy, or a fault of the regex engine, can get here; none may fail the request.
    return UNKNOWN;
  }
  if (node.negate) truth = negated(truth);
  if (node.shared) subject.compiled.memo[node.id] = (subject.stamp << 2) | truth;
  return truth;
}

function testValue(node: ConditionNode, value: unknown): Truth {
  const test = node.test as NonNullable<typeof node.test>;
  return typeof value === "object" && !node.existence && Array.isArray(value) ? testElements(value, test) : test(value);
}

function inSegment(segment: CompiledSegment, subject: Subject): Truth {
  let identity: string | null = null;
  try {
    identity = identityText(read(subject, segment.by));
  } catch {
    // As above: absent.
  }
  if (identity !== null) {
    if (segment.excluded.has(identity)) return FALSE;
    if (segment.included.has(identity)) return TRUE;
  }
  const listed = subject.memberships?.get(segment.key);
  if (listed === true) return TRUE;
  // A long list that could not be read in time may hold this subject or not.
  const unresolved = listed === undefined && segment.list !== null && identity !== null;
  if (segment.when !== null) {
    const holds = decideCondition(segment.when, subject);
    return unresolved && holds === FALSE ? UNKNOWN : holds;
  }
  return unresolved || (identity === null && listed === undefined) ? UNKNOWN : FALSE;
}
