import type { FlagState, Serve } from "../../schema/flag.ts";
import type { SnapshotFlag } from "../../schema/snapshot.ts";
import { contiguous } from "../bucketing/allocate.ts";
import { hashAt, seedHash } from "../bucketing/bucket.ts";
import type { Cause, EvaluationResult, Reason } from "../model/outcome.ts";
import { CONSTANT, type Predicate } from "../model/predicate.ts";
import { type Clause, NONE } from "../model/program.ts";
import type { Arms, Split } from "../model/split.ts";
import { TRUE } from "../model/truth.ts";
import { parseInstant } from "../operators/date/instant.ts";
import type { ConditionCompiler } from "./condition-compiler.ts";
import type { Gates } from "./gates.ts";

/** A flag's part of the program. */
export interface WrittenFlag {
  readonly clauses: readonly Clause[];
  /** Its first result. */
  readonly first: number;
  /** Its result when a clause is blocked; NONE where none can be. */
  readonly blocked: number;
}

/** Writes a part's flags, one after the other, in their order. */
export class ProgramWriter {
  /** By number. Equal results of different flags are one object. */
  readonly results: EvaluationResult[] = [];
  readonly #gates: Gates;
  readonly #conditions: ConditionCompiler;
  readonly #interned = new Map<string, EvaluationResult>();
  #clauses: Clause[] = [];
  /** The last step serves always, so no other can follow. */
  #ended = false;
  #canBlock = false;

  constructor(gates: Gates, conditions: ConditionCompiler) {
    this.#gates = gates;
    this.#conditions = conditions;
  }

  write(flag: SnapshotFlag): WrittenFlag {
    this.#clauses = [];
    const first = this.results.length;
    this.#ended = false;
    this.#canBlock = false;
    const { offVariant, state } = flag;
    const off = (cause: Cause, reason: Reason = "DISABLED") =>
      this.#result({ variant: offVariant, reason, cause, ruleId: null });
    if (state.enabled) {
      const gated = this.#gated(state, off);
      this.#rules(flag, gated, off);
    } else {
      this.#always(off("disabled"));
    }
    return { clauses: this.#clauses, first, blocked: this.#canBlock ? off("blocked") : NONE };
  }

  /** Prerequisites, holdout and layer; whether there are any. */
  #gated(state: FlagState, off: (cause: Cause) => number): boolean {
    const conditions = this.#conditions;
    if (state.prerequisites.length > 0) {
      const met = conditions.all(state.prerequisites.map((one) => conditions.flag(one.flag, one.variants)));
      this.#step(conditions.unless(met), off("prerequisite"));
    }
    const holdout = state.holdout === undefined ? undefined : this.#gates.holdout(state.holdout);
    if (holdout) this.#step(conditions.within(holdout.by, holdout.seed, 0, holdout.share), off("holdout"));
    if (state.layer) {
      const layer = this.#gates.layer(state.layer.layer);
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
    // A user who lacks the attribute that buckets.
    if (!this.#ended) this.#always(off("fallthrough", "DEFAULT"));
  }

  #step(condition: Predicate, served: number | Split): void {
    if (this.#ended) return;
    if (condition.op === CONSTANT && condition.operand === TRUE) this.#always(served);
    else this.#clauses.push({ condition, served });
    this.#canBlock ||= condition.blockable;
  }

  #always(served: number | Split): void {
    if (this.#ended) return;
    this.#clauses.push({ condition: null, served });
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

  #result(result: EvaluationResult): number {
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
