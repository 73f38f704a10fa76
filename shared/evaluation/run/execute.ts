import { readAttribute, readPlain } from "../attribute.ts";
import { EncodedOutcome } from "../compile/encoded-outcome.ts";
import { constantResult } from "../compile/program.ts";
import type { AttributePath } from "../model/attribute-path.ts";
import type { CompiledFlag } from "../model/compiled-flag.ts";
import type { EvaluationResult, Outcome } from "../model/outcome.ts";
import {
  ALL,
  ANY,
  type AttributePredicate,
  BRIEF,
  type CompiledSegment,
  FLAG,
  MEMO_BITS,
  MEMO_TRUTH,
  NOT,
  type Predicate,
  SEARCH,
  SEGMENT,
  type SearchPredicate,
  UNLESS,
  UNTIL,
  VALUE,
  WITHIN,
} from "../model/predicate.ts";
import type { Step } from "../model/program.ts";
import { BLOCKED, FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import { testValue } from "../operators/test-value.ts";
import { armOf, hasUnit, identityOf, within } from "./split.ts";
import type { Subject } from "./subject.ts";

/*
 * Executes what was compiled. Flags test flags, so outcomes, programs and conditions call each other and stand in one
 * module.
 */

/**
 * What the flag serves, kills in force. From here to the arm of a split everything fits into what V8 inlines, which is
 * why this is short and looks at a split by itself: see docs/performance.md, and measure, before adding to it.
 */
export function outcomeOf(flag: CompiledFlag, subject: Subject): Outcome {
  if (flag.fixed !== null) return flag.fixed;
  const { split } = flag;
  const result = split !== null && hasUnit(split.unit, subject) ? armOf(split) : resultOf(flag, subject);
  const outcome = flag.part.outcomes[result] ?? firstServed(flag, result);
  return flag.instead === null ? outcome : underVariantKills(flag.instead, outcome);
}

function underVariantKills(instead: ReadonlyMap<string, Outcome>, outcome: Outcome): Outcome {
  return (outcome.variant !== null && instead.get(outcome.variant)) || outcome;
}

function firstServed(flag: CompiledFlag, result: number): Outcome {
  const { results, outcomes } = flag.part;
  const outcome = new EncodedOutcome(flag, results[result] as EvaluationResult);
  outcomes[result] = outcome;
  if (constantResult(flag.entry) === result && flag.kills === null) flag.fixed = outcome;
  return outcome;
}

/** The number of the result that the flag has beneath kills: see Clause. */
export function resultOf(flag: CompiledFlag, subject: Subject): number {
  let step = flag.entry;
  for (;;) {
    const { condition, served } = step;
    if (condition !== null) {
      const truth =
        condition.op >= BRIEF ? testAttribute(condition as AttributePredicate, subject) : truthOf(condition, subject);
      if (truth === BLOCKED) return flag.blocked;
      if (truth !== TRUE) {
        step = step.otherwise as Step;
        continue;
      }
    }
    if (typeof served === "number") return served;
    // A user without the bucketing attribute is not served by the split.
    if (served !== null && hasUnit(served.unit, subject)) return armOf(served);
    step = step.next as Step;
  }
}

export function truthOf(predicate: Predicate, subject: Subject): Truth {
  const { memo } = predicate;
  if (memo >> MEMO_BITS === subject.stamp) return (memo & MEMO_TRUTH) as Truth;
  const truth =
    predicate.op >= VALUE ? testAttribute(predicate as AttributePredicate, subject) : combine(predicate, subject);
  if (predicate.shared) predicate.memo = (subject.stamp << MEMO_BITS) | truth;
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

/** Undefined also for what throws when it is read. */
export function attributeOf(path: AttributePath, { plain, context }: Subject): unknown {
  try {
    return plain === null ? readAttribute(context, path) : readPlain(plain, path);
  } catch {
    return undefined;
  }
}

function search({ path, operand }: SearchPredicate, subject: Subject): Truth {
  try {
    return operand(readAttribute(subject.context, path), subject.compiled.searches, subject.now);
  } catch {
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
      return inSegment(subject.compiled.segmentSlots[predicate.operand] as CompiledSegment | null, subject);
    case FLAG: {
      const { slot, variants } = predicate.operand;
      const flag = subject.compiled.flagSlots[slot] as CompiledFlag | null;
      if (flag === null) return BLOCKED;
      const outcome = outcomeOf(flag, subject);
      if (outcome.blocked) return BLOCKED;
      return outcome.variant !== null && variants.includes(outcome.variant) ? TRUE : FALSE;
    }
    case SEARCH:
      return search(predicate, subject);
    case WITHIN:
      return within(predicate.operand, subject) ? TRUE : FALSE;
    case UNTIL:
      return subject.now < predicate.operand ? TRUE : FALSE;
    default:
      return predicate.operand as Truth;
  }
}

function inSegment(segment: CompiledSegment | null, subject: Subject): Truth {
  if (segment === null) return UNKNOWN;
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
