import { contiguous } from "./allocate.ts";
import { hashAt, seedHash } from "./bucket.ts";
import type { ConditionCompiler } from "./condition-compiler.ts";
import { parseInstant } from "./instant.ts";
import type { Cause, Reason, Result } from "./outcome.ts";
import { ALL, CONSTANT, type Predicate } from "./predicate.ts";
import type { FlagState, Serve } from "./schema/flag.ts";
import type { Snapshot, SnapshotFlag } from "./schema/snapshot.ts";
import { TRUE } from "./truth.ts";

/**
 * What flags do beneath kills: one list of steps per flag, back to back in one array. A step is a pair: the id of a
 * predicate, or ALWAYS, and what it serves when that is true. The whole precedence is such a list: prerequisites,
 * holdout and layer are steps that serve the off variant, rules follow, and a step that always serves ends the list.
 *
 * What a step serves is the number of a result; or, below zero, `~place` of a split in `splits`: unit, seed, number
 * of ranges, then each range's exclusive end (the first hash beyond it) and result, ascending; or AND_NEXT: the following step must hold as well.
 */
export interface Program {
  readonly steps: Int32Array;
  /** Per flag: its first step as an object. */
  readonly entries: readonly Step[];
  /** Per flag: where its steps begin. */
  readonly starts: Int32Array;
  readonly splits: Int32Array;
  /** Per flag: its first result; one more at the end. A flag's results stand side by side. */
  readonly firsts: Int32Array;
  /** Per flag: its result when a step is blocked; NONE where no step can be. */
  readonly blocked: Int32Array;
}

interface Pair {
  /** Null: always. */
  readonly condition: Predicate | null;
  readonly served: number;
}

/**
 * The same step for who evaluates one flag: to walk from object to object takes fewer loads than to look each
 * predicate up. A bulk evaluation finds most truths by the predicate's id, without a look at the predicate.
 */
export interface Step extends Pair {
  /** Null after the last. */
  readonly next: Step | null;
  /** Where to go on when the condition does not hold: past the rest of its conjunction. */
  readonly otherwise: Step | null;
}

export const ALWAYS = -1;
export const AND_NEXT = -(2 ** 31);
export const NONE = -1;

/** The result of a flag that serves everybody alike beneath kills; NONE for any other. */
export function constantResult({ steps, starts }: Program, flag: number): number {
  const first = starts[flag] as number;
  const served = steps[first + 1] as number;
  return steps[first] === ALWAYS && served >= 0 ? served : NONE;
}

/** Writes a snapshot's flags, one after the other, in their order. */
export class ProgramWriter {
  /** By number. Equal results of different flags are one object. */
  readonly results: Result[] = [];
  readonly #snapshot: Snapshot;
  readonly #conditions: ConditionCompiler;
  readonly #flags: Pair[][] = [];
  readonly #splits: number[] = [];
  readonly #firsts: number[] = [];
  readonly #blocked: number[] = [];
  readonly #interned = new Map<string, Result>();
  /** The last step serves always, so no other can follow. */
  #ended = false;
  #canBlock = false;

  constructor(snapshot: Snapshot, conditions: ConditionCompiler) {
    this.#snapshot = snapshot;
    this.#conditions = conditions;
  }

  finish(): Program {
    const steps: number[] = [];
    const starts: number[] = [];
    const entries: Step[] = [];
    for (const flag of this.#flags) {
      const own = flag.flatMap(conjuncts);
      starts.push(steps.length);
      for (const { condition, served } of own) steps.push(condition?.id ?? ALWAYS, served);
      entries.push(linked(own));
    }
    return {
      steps: Int32Array.from(steps),
      entries,
      starts: Int32Array.from(starts),
      splits: Int32Array.from(this.#splits),
      firsts: Int32Array.from([...this.#firsts, this.results.length]),
      blocked: Int32Array.from(this.#blocked),
    };
  }

  write(flag: SnapshotFlag): void {
    this.#flags.push([]);
    this.#firsts.push(this.results.length);
    this.#ended = false;
    this.#canBlock = false;
    const { offVariant, state } = flag;
    const off = (cause: Cause, reason: Reason = "DISABLED") =>
      this.#result({ variant: offVariant, reason, cause, ruleId: null });
    if (state.enabled) {
      const gated = this.#gates(state, off);
      this.#rules(flag, gated, off);
    } else {
      this.#always(off("disabled"));
    }
    this.#blocked.push(this.#canBlock ? off("blocked") : NONE);
  }

  /** Prerequisites, holdout and layer; whether there are any. */
  #gates(state: FlagState, off: (cause: Cause) => number): boolean {
    const { holdouts, layers } = this.#snapshot;
    const conditions = this.#conditions;
    if (state.prerequisites.length > 0) {
      const met = conditions.all(state.prerequisites.map((one) => conditions.flag(one.flag, one.variants)));
      this.#step(conditions.unless(met), off("prerequisite"));
    }
    const holdout = state.holdout === undefined ? undefined : own(holdouts, state.holdout);
    if (holdout) this.#step(conditions.within(holdout.by, holdout.seed, 0, holdout.share), off("holdout"));
    if (state.layer) {
      const layer = own(layers, state.layer.layer);
      // Nobody is inside a layer that does not exist.
      if (!layer) this.#always(off("layer"));
      else this.#step(conditions.outside(layer.by, layer.seed, state.layer.from, state.layer.to), off("layer"));
    }
    return state.prerequisites.length > 0 || holdout !== undefined || state.layer !== undefined;
  }

  #rules(flag: SnapshotFlag, gated: boolean, off: (cause: Cause, reason: Reason) => number): void {
    const conditions = this.#conditions;
    const { rules, fallthrough } = flag.state;
    const seed = seedHash(flag.seed);
    const active = rules.filter((rule) => !rule.paused);
    for (const { id, when, expiresAt, serve } of active) {
      if (this.#ended) return;
      const condition = conditions.compile(when);
      const alive =
        expiresAt === undefined ? condition : conditions.all([conditions.until(parseInstant(expiresAt)), condition]);
      this.#step(alive, this.#serve(serve, seed, "TARGETING_MATCH", id));
    }
    if (this.#ended) return;
    const unconditional = !gated && active.length === 0;
    this.#always(this.#serve(fallthrough, seed, unconditional ? "STATIC" : "DEFAULT", null));
    // Whoever lacks the attribute that buckets.
    if (!this.#ended) this.#always(off("fallthrough", "DEFAULT"));
  }

  #step(condition: Predicate, served: number): void {
    if (this.#ended) return;
    if (condition.op === CONSTANT && condition.operand === TRUE) this.#always(served);
    else this.#flags.at(-1)?.push({ condition, served });
    this.#canBlock ||= condition.blockable;
  }

  #always(served: number): void {
    if (this.#ended) return;
    this.#flags.at(-1)?.push({ condition: null, served });
    this.#ended = served >= 0;
  }

  #serve(serve: Serve, seed: number, reason: Reason, ruleId: string | null): number {
    const cause = ruleId === null ? "fallthrough" : "rule";
    if (!("split" in serve)) return this.#result({ variant: serve.variant, reason, cause, ruleId });
    const ranges = [...(serve.ranges ?? contiguous(serve.split))].sort((a, b) => a.from - b.from);
    const arms = new Map<string, number>();
    const place = this.#splits.push(this.#conditions.unit(serve.by).slot, seed, ranges.length) - 3;
    for (const { variant, to } of ranges) {
      let arm = arms.get(variant);
      if (arm === undefined) {
        arm = this.#result({ variant, reason: "SPLIT", cause, ruleId });
        arms.set(variant, arm);
      }
      this.#splits.push(hashAt(to), arm);
    }
    return ~place;
  }

  #result(result: Result): number {
    const { variant, reason, cause, ruleId } = result;
    const name = JSON.stringify([variant, reason, cause, ruleId]);
    let known = this.#interned.get(name);
    if (known === undefined) {
      known = result;
      this.#interned.set(name, known);
    }
    return this.results.push(known) - 1;
  }
}

/** Conjunctions that stand here only are written as steps: cheaper than a predicate, and there is nothing to share. */
function conjuncts({ condition, served }: Pair): Pair[] {
  if (condition === null || condition.op !== ALL || condition.shared || condition.blockable)
    return [{ condition, served }];
  const last = condition.operand.length - 1;
  return condition.operand.flatMap((child, index) =>
    conjuncts({ condition: child, served: index === last ? served : AND_NEXT }),
  );
}

/** From the last to the first, since each knows those after it. */
function linked(steps: readonly Pair[]): Step {
  const link = (next: Step | null, { condition, served }: Pair): Step => {
    return { condition, served, next, otherwise: served === AND_NEXT && next !== null ? next.otherwise : next };
  };
  return steps.reduceRight<Step | null>(link, null) as Step;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
