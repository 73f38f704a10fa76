import { type AttributePath, identityText, isPlain, readAttribute, readPlain, TARGETING_KEY } from "../attribute.ts";
import { below, bucketHash, isBelow, unitHash } from "../bucketing/bucket.ts";
import type { CompiledFlag, CompiledSnapshot } from "../compile/compile.ts";
import {
  ALL,
  ANY,
  type AttributePredicate,
  BRIEF,
  type CompiledSegment,
  FLAG,
  NOT,
  type Predicate,
  SEGMENT,
  type Share,
  type Split,
  UNLESS,
  UNTIL,
  type Unit,
  VALUE,
  WITHIN,
} from "../compile/predicate.ts";
import { constantResult, type Step } from "../compile/program.ts";
import { Outcome, type Result } from "../model/outcome.ts";
import { BLOCKED, FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import { testValue } from "../operators/match.ts";

export type { Cause, Outcome, Reason } from "../model/outcome.ts";
export { evaluateAll } from "./bulk.ts";

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
  readonly context: object;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly memberships: Memberships | undefined;
  readonly stamp: number;
  /** The context again, if it may be read without asking what is its own. */
  readonly plain: object | null;
}

/** Times four it is still a small integer to engines that compress pointers, as workerd's does. */
export const MAX_STAMP = 2 ** 28 - 1;

/**
 * Prepares a context. Anything but a JSON object knows no attributes.
 *
 * @param now milliseconds since 1970
 */
export function prepare(compiled: CompiledSnapshot, context: unknown, now: number, memberships?: Memberships): Subject {
  // After a quarter of a billion subjects stamps start again; one that lived all that time is the accepted risk.
  if (compiled.stamp >= MAX_STAMP) forget(compiled);
  const stamp = ++compiled.stamp;
  const plain = isPlain(context) ? context : null;
  return { compiled, context: plain ?? attributesOf(context), now, memberships, stamp, plain };
}

const NO_ATTRIBUTES = {};

function attributesOf(context: unknown): object {
  try {
    if (typeof context === "object" && context !== null && !Array.isArray(context)) return context;
  } catch {
    // A revoked proxy, which may not even be asked whether it is an array.
  }
  return NO_ATTRIBUTES;
}

function forget(compiled: CompiledSnapshot): void {
  compiled.stamp = 0;
  for (const predicate of compiled.predicates) predicate.memo = 0;
  for (const unit of compiled.units) unit.stamp = 0;
}

/** What a flag serves a subject; undefined when there is no such flag. Never throws. */
export function evaluate(compiled: CompiledSnapshot, flagKey: string, subject: Subject): Outcome | undefined {
  const flag = compiled.flags.get(flagKey);
  return flag === undefined ? undefined : outcomeOf(flag, belonging(compiled, subject));
}

/** Whether this audience may learn of the outcome, and so of its flag. */
export function visibleTo(outcome: Outcome, audience: Audience): boolean {
  return audience === "server" || outcome.clientVisible;
}

/**
 * What a flag serves a subject; undefined when there is no such flag, or when this audience may not learn of it. A flag
 * that client keys never learn of is not evaluated for them, so it takes as long as one that does not exist.
 */
export function evaluateFor(
  compiled: CompiledSnapshot,
  flagKey: string,
  subject: Subject,
  audience: Audience,
): Outcome | undefined {
  const flag = compiled.flags.get(flagKey);
  if (flag === undefined || (audience === "client" && flag.visibility === "server-only")) return undefined;
  const outcome = outcomeOf(flag, belonging(compiled, subject));
  return visibleTo(outcome, audience) ? outcome : undefined;
}

/** A subject prepared for another snapshot carries that one's stamp, which means nothing here. */
export function belonging(compiled: CompiledSnapshot, subject: Subject): Subject {
  return subject.compiled === compiled ? subject : preparedAnew(compiled, subject);
}

function preparedAnew(compiled: CompiledSnapshot, { context, now, memberships }: Subject): Subject {
  return prepare(compiled, context, now, memberships);
}

/**
 * What the flag serves, kills in force. From here to the arm of a split everything fits into what V8 inlines, which is
 * why this is short and looks at a split by itself: see docs/performance.md, and measure, before adding to it.
 */
export function outcomeOf(flag: CompiledFlag, subject: Subject): Outcome {
  if (flag.fixed !== null) return flag.fixed;
  const { split } = flag;
  const result = split !== null && hasUnit(split.unit, subject) ? armOf(split) : resultOf(flag.index, subject);
  const outcome = subject.compiled.outcomes[result] ?? firstServed(flag, subject.compiled, result);
  return flag.instead === null ? outcome : underVariantKills(flag.instead, outcome);
}

function underVariantKills(instead: ReadonlyMap<string, Outcome>, outcome: Outcome): Outcome {
  return (outcome.variant !== null && instead.get(outcome.variant)) || outcome;
}

function firstServed(flag: CompiledFlag, { program, results, outcomes }: CompiledSnapshot, result: number): Outcome {
  const outcome = new Outcome(flag, results[result] as Result);
  outcomes[result] = outcome;
  if (constantResult(program, flag.index) === result && flag.kills === null) flag.fixed = outcome;
  return outcome;
}

/** The number of the result that the flag has beneath kills: see Clause. */
export function resultOf(flag: number, subject: Subject): number {
  const { program } = subject.compiled;
  let step = program.entries[flag] as Step;
  for (;;) {
    const { condition, served } = step;
    if (condition !== null) {
      const truth =
        condition.op >= BRIEF ? testAttribute(condition as AttributePredicate, subject) : truthOf(condition, subject);
      if (truth === BLOCKED) return program.blocked[flag] as number;
      if (truth !== TRUE) {
        step = step.otherwise as Step;
        continue;
      }
    }
    if (typeof served === "number") return served;
    // Whoever lacks the attribute that buckets is not served by the split.
    if (served !== null && hasUnit(served.unit, subject)) return armOf(served);
    step = step.next as Step;
  }
}

/** The result of a split for the subject that its unit was last found for. */
export function armOf({ unit, seed, arms }: Split): number {
  const hash = bucketHash(seed, unit.hash);
  let arm = arms;
  while (typeof arm !== "number") arm = isBelow(hash, arm.end) ? arm.lower : arm.upper;
  return arm;
}

/** Whether the subject has the bucketing attribute; afterwards its hash stands in the unit. */
export function hasUnit(unit: Unit, subject: Subject): boolean {
  return unit.stamp === subject.stamp || findUnit(unit, subject);
}

function findUnit(unit: Unit, subject: Subject): boolean {
  const identity = identityOf(unit.path, subject);
  if (identity === null) return false;
  unit.stamp = subject.stamp;
  unit.hash = unitHash(identity);
  return true;
}

function identityOf(path: AttributePath, subject: Subject): string | null {
  try {
    const { plain } = subject;
    const value =
      plain === null
        ? readAttribute(subject.context, path)
        : path.place === TARGETING_KEY
          ? (plain as { readonly targetingKey?: unknown }).targetingKey
          : readPlain(plain, path);
    return typeof value === "string" && value.length > 0 ? value : identityText(value);
  } catch {
    // A getter or proxy in a context that did not come from JSON: the attribute is absent.
    return null;
  }
}

export function truthOf(predicate: Predicate, subject: Subject): Truth {
  const { memo } = predicate;
  if (memo >> 2 === subject.stamp) return (memo & 3) as Truth;
  const truth =
    predicate.op >= VALUE ? testAttribute(predicate as AttributePredicate, subject) : combine(predicate, subject);
  if (predicate.shared) predicate.memo = (subject.stamp << 2) | truth;
  return truth;
}

function testAttribute(test: AttributePredicate, subject: Subject): Truth {
  try {
    const { plain } = subject;
    return testValue(test, plain === null ? readAttribute(subject.context, test.path) : readPlain(plain, test.path));
  } catch {
    // Only a getter or proxy, or a fault of the regex engine, can get here; none may fail the request.
    return UNKNOWN;
  }
}

function negated(truth: Truth): Truth {
  return truth === TRUE ? FALSE : truth === FALSE ? TRUE : truth;
}

function combine(predicate: Predicate, subject: Subject): Truth {
  switch (predicate.op) {
    case ALL: {
      let result: Truth = TRUE;
      const children = predicate.operand;
      for (let index = 0; index < children.length; index++) {
        const truth = truthOf(children[index] as Predicate, subject);
        if (truth === FALSE) return FALSE;
        if (truth === UNKNOWN || (truth === BLOCKED && result === TRUE)) result = truth;
      }
      return result;
    }
    case ANY: {
      let result: Truth = FALSE;
      const children = predicate.operand;
      for (let index = 0; index < children.length; index++) {
        const truth = truthOf(children[index] as Predicate, subject);
        if (truth === TRUE) return TRUE;
        if (truth === BLOCKED || (truth === UNKNOWN && result === FALSE)) result = truth;
      }
      return result;
    }
    case NOT:
      return negated(truthOf(predicate.operand, subject));
    case UNLESS: {
      const met = truthOf(predicate.operand, subject);
      return met === BLOCKED ? BLOCKED : met === TRUE ? FALSE : TRUE;
    }
    case SEGMENT:
      return inSegment(predicate.operand, subject);
    case FLAG: {
      const { flag, variants } = predicate.operand;
      const outcome = outcomeOf(flag, subject);
      if (outcome.blocked) return BLOCKED;
      return outcome.variant !== null && variants.includes(outcome.variant) ? TRUE : FALSE;
    }
    case WITHIN:
      return within(predicate.operand, subject) ? TRUE : FALSE;
    case UNTIL:
      return subject.now < predicate.operand ? TRUE : FALSE;
    default:
      return predicate.operand as Truth;
  }
}

function within({ unit, seed, from, to }: Share, subject: Subject): boolean {
  if (!hasUnit(unit, subject)) return false;
  const hash = bucketHash(seed, unit.hash);
  return below(hash, from) === 0 && (to === null || below(hash, to) === 1);
}

function inSegment(segment: CompiledSegment, subject: Subject): Truth {
  const identity = identityOf(segment.by, subject);
  if (identity !== null) {
    if (segment.excluded.has(identity)) return FALSE;
    if (segment.included.has(identity)) return TRUE;
  }
  const listed = subject.memberships?.get(segment.key);
  if (listed === true) return TRUE;
  // A long list that could not be read in time may hold this subject or not.
  const unresolved = listed === undefined && segment.list !== null && identity !== null;
  if (segment.when !== null) {
    const holds = truthOf(segment.when, subject);
    return unresolved && holds === FALSE ? UNKNOWN : holds;
  }
  return unresolved || (identity === null && listed === undefined) ? UNKNOWN : FALSE;
}
