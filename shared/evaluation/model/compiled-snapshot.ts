import type { SegmentList } from "../../segments/segment-list.ts";
import type { Chunks } from "./chunks.ts";
import type { CompiledFlag, StaleKill } from "./compiled-flag.ts";
import type { EvaluationResult, Outcome } from "./outcome.ts";
import type { Predicate } from "./predicate.ts";
import type { Program } from "./program.ts";
import type { Unit } from "./split.ts";

/**
 * A snapshot ready to evaluate. Plain memory without references to any request; treat everything beyond the
 * counts as the evaluator's own.
 */
export interface CompiledSnapshot {
  readonly project: string;
  readonly environment: string;
  readonly epoch: number;
  readonly revision: number;
  /** Number of flags. */
  readonly size: number;
  readonly flags: ReadonlyMap<string, CompiledFlag>;
  /** In the order of their keys' code units, which is the order of bulk answers. */
  readonly ordered: readonly CompiledFlag[];
  readonly program: Program;
  readonly predicates: readonly Predicate[];
  readonly units: readonly Unit[];
  /** By number. Equal results of different flags are one object. */
  readonly results: readonly EvaluationResult[];
  /** By result's number, made when first served: most are never needed by an edge. */
  readonly outcomes: (Outcome | null)[];
  readonly chunks: Chunks;
  /** Long lists that any flag depends on: to be looked up before a bulk evaluation. */
  readonly lists: readonly SegmentList[];
  /** The same by flag, flags that it depends on included; flags without any are not in it. */
  readonly listsByFlag: ReadonlyMap<string, readonly SegmentList[]>;
  /** Long lists that any flag needs which client keys may or may not learn of. */
  readonly listsOfTargeted: readonly SegmentList[];
  /** Whether anything asks for an attribute of `edge`; if not, it need not be worked out. */
  readonly readsEdge: boolean;
  /** Whether time alone can change what a subject gets: a rule expires. */
  readonly expires: boolean;
  /** Flags with `onStale: killVariant`: when each gives up, in seconds of age, ascending. */
  readonly stale: readonly StaleKill[];
  /** Regular expressions that are not run, since they are larger or more than was ever allowed to be saved since. */
  readonly patternsLeft: number;
  /** The stamp last given to a subject. */
  stamp: number;
  /** Flags that the kills in force touch. */
  killed: readonly CompiledFlag[];
}
