import { ownOf } from "../../own.ts";
import type { FlagState, Serve } from "../../schema/flag.ts";
import type { Snapshot, SnapshotFlag } from "../../schema/snapshot.ts";
import { contiguous } from "../bucketing/allocate.ts";
import { hashAt, seedHash } from "../bucketing/bucket.ts";
import type { Cause, Reason, Result } from "../model/outcome.ts";
import { TRUE } from "../model/truth.ts";
import { parseInstant } from "../operators/date/instant.ts";
import type { ConditionCompiler } from "./condition-compiler.ts";
import { ALL, type Arms, CONSTANT, type Predicate, type Split } from "./predicate.ts";

/**
 * What a flag does beneath kills, as a list: whoever the condition holds for is served, unless an earlier clause has
 * served already. The whole precedence is such a list: prerequisites, holdout and layer are clauses that serve the off
 * variant, rules follow, and a clause that always serves ends the list.
 */
export interface Clause {
  /** Null: always. */
  readonly condition: Predicate | null;
  /** The number of a result, or a split, which does not serve who lacks the attribute that buckets. */
  readonly served: number | Split;
}

/** A clause for who walks from one to the next; conjunctions are taken apart. */
export interface Step {
  readonly condition: Predicate | null;
  /** Null: the next step must hold as well. */
  readonly served: number | Split | null;
  /** Null after the last. */
  readonly next: Step | null;
  /** Where to go on when the condition does not hold: past the rest of its conjunction. */
  readonly otherwise: Step | null;
}

export interface Program {
  /** Per flag: its first step. */
  readonly entries: readonly Step[];
  /** Per flag: its first result; one more at the end. A flag's results stand side by side. */
  readonly firsts: Int32Array;
  /** Per flag: its result when a clause is blocked; NONE where none can be. */
  readonly blocked: Int32Array;
}

export const NONE = -1;

/** The result of a flag that serves everybody alike beneath kills; NONE for any other. */
export function constantResult({ entries }: Program, flag: number): number {
  const { condition, served } = entries[flag] as Step;
  return condition === null && typeof served === "number" ? served : NONE;
}

/** The split that everybody comes to first, whatever else is in the context; null when a flag begins otherwise. */
export function leadingSplit({ entries }: Program, flag: number): Split | null {
  const { condition, served } = entries[flag] as Step;
  return condition === null && typeof served === "object" ? served : null;
}

/** Writes a snapshot's flags, one after the other, in their order. */
export class ProgramWriter {
  /** By number. Equal results of different flags are one object. */
  readonly results: Result[] = [];
  /** By flag. */
  readonly clauses: Clause[][] = [];
  readonly #snapshot: Snapshot;
  readonly #conditions: ConditionCompiler;
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
    return {
      entries: this.clauses.map(linked),
      firsts: Int32Array.from([...this.#firsts, this.results.length]),
      blocked: Int32Array.from(this.#blocked),
    };
  }

  write(flag: SnapshotFlag): void {
    this.clauses.push([]);
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
    const holdout = state.holdout === undefined ? undefined : ownOf(holdouts, state.holdout);
    if (holdout) this.#step(conditions.within(holdout.by, holdout.seed, 0, holdout.share), off("holdout"));
    if (state.layer) {
      const layer = ownOf(layers, state.layer.layer);
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

  #step(condition: Predicate, served: number | Split): void {
    if (this.#ended) return;
    if (condition.op === CONSTANT && condition.operand === TRUE) this.#always(served);
    else this.clauses.at(-1)?.push({ condition, served });
    this.#canBlock ||= condition.blockable;
  }

  #always(served: number | Split): void {
    if (this.#ended) return;
    this.clauses.at(-1)?.push({ condition: null, served });
    this.#ended = typeof served === "number";
  }

  #serve(serve: Serve, seed: number, reason: Reason, ruleId: string | null): number | Split {
    const cause = ruleId === null ? "fallthrough" : "rule";
    if (!("split" in serve)) return this.#result({ variant: serve.variant, reason, cause, ruleId });
    const ranges = [...(serve.ranges ?? contiguous(serve.split))].sort((a, b) => a.from - b.from);
    const results = new Map<string, number>();
    const parts = ranges.map(({ variant, to }): Part => {
      const result = results.get(variant) ?? this.#result({ variant, reason: "SPLIT", cause, ruleId });
      results.set(variant, result);
      return { end: hashAt(to), result };
    });
    return { unit: this.#conditions.unit(serve.by), seed, arms: armsOf(parts) };
  }

  #result(result: Result): number {
    const { variant, reason, cause, ruleId } = result;
    const name = `${reason} ${cause} ${variant?.length} ${variant} ${ruleId === null ? "" : `=${ruleId}`}`;
    let known = this.#interned.get(name);
    if (known === undefined) {
      known = result;
      this.#interned.set(name, known);
    }
    return this.results.push(known) - 1;
  }
}

interface Part {
  /** The first hash beyond it. */
  readonly end: number;
  readonly result: number;
}

function armsOf(parts: readonly Part[]): Arms {
  const middle = parts.length >> 1;
  if (middle === 0) return (parts[0] as Part).result;
  const { end } = parts[middle - 1] as Part;
  return { end, lower: armsOf(parts.slice(0, middle)), upper: armsOf(parts.slice(middle)) };
}

type Unlinked = Pick<Step, "condition" | "served">;

/** Conjunctions that stand here only are written as steps: cheaper than a predicate, and there is nothing to share. */
function conjuncts({ condition, served }: Unlinked): Unlinked[] {
  if (condition === null || condition.op !== ALL || condition.shared || condition.blockable)
    return [{ condition, served }];
  const last = condition.operand.length - 1;
  return condition.operand.flatMap((child, index) =>
    conjuncts({ condition: child, served: index === last ? served : null }),
  );
}

/** From the last to the first, since each knows those after it. */
function linked(clauses: readonly Clause[]): Step {
  const link = (next: Step | null, { condition, served }: Unlinked): Step => {
    return { condition, served, next, otherwise: served === null && next !== null ? next.otherwise : next };
  };
  return clauses.flatMap(conjuncts).reduceRight<Step | null>(link, null) as Step;
}
