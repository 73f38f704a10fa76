import type { Kill } from "../../schema/snapshot.ts";
import type { Chunks } from "./chunks.ts";
import type { EvaluationResult, Outcome, OutcomeFlag } from "./outcome.ts";
import type { CompiledSegment, Predicate } from "./predicate.ts";
import type { Step } from "./program.ts";
import type { Split, Unit } from "./split.ts";
import type { Wiring } from "./wiring.ts";

export interface CompiledFlag extends OutcomeFlag {
  /** The part that numbers its results. */
  readonly part: Part;
  /** Its place among the part's flags. */
  readonly index: number;
  /** Where its evaluation begins, beneath kills. */
  readonly entry: Step;
  /** The split that everybody comes to first; null when the flag begins with anything else. */
  readonly split: Split | null;
  /** Its result when a clause is blocked; NONE where none can be. */
  readonly blocked: number;
  /** What everybody gets, where nothing about a subject can change it; null until first served or killed. */
  fixed: Outcome | null;
  /** Null when no kill touches it. */
  kills: FlagKills | null;
  /** By killed variant: what its people get instead; null when no variant is killed, or the whole flag is. */
  instead: ReadonlyMap<string, Outcome> | null;
}

/**
 * A run of a snapshot's flags, and other documents beside them, compiled by themselves: what is compiled again when one
 * of them changes. It names flags and segments by slots, so that no part is compiled again for what another holds.
 */
export interface Part {
  /** Of the neighbouring blocks that it was compiled from. */
  readonly hashes: readonly string[];
  /** In the order of their keys' code units. */
  readonly flags: readonly CompiledFlag[];
  /** Per flag: its first result; one more at the end. A flag's results stand side by side. */
  readonly firsts: Int32Array;
  /** By number. Equal results of different flags are one object. */
  readonly results: readonly EvaluationResult[];
  /** By result's number, made when first served: most are never needed by an edge. */
  readonly outcomes: (Outcome | null)[];
  readonly chunks: Chunks;
  /** All that it asks, those of other parts included. */
  readonly predicates: readonly Predicate[];
  readonly units: readonly Unit[];
  readonly segments: readonly CompiledSegment[];
  /** Flags that the kills in force touch. */
  readonly killed: CompiledFlag[];
  readonly wiring: Wiring;
}

/** The kills of one flag that are in force. */
export interface FlagKills {
  /** Of the whole flag. */
  all: Kill | null;
  /** Of single variants. */
  readonly variants: Map<string, Kill>;
}

/** A kill that applies once the edge's knowledge is so old. */
export interface StaleKill {
  readonly afterSeconds: number;
  readonly kill: Kill;
}
