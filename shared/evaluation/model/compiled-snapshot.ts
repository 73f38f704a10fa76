import type { SegmentList } from "../../segments/segment-list.ts";
import type { CompiledFlag, Part, StaleKill } from "./compiled-flag.ts";
import type { Pool } from "./pool.ts";
import type { CompiledSegment } from "./predicate.ts";
import type { SearchBudget } from "./search.ts";

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
  /** By key, in no order. */
  flags: ReadonlyMap<string, CompiledFlag>;
  /** All flags in the order of their keys' code units, which is the order of bulk answers. */
  readonly parts: readonly Part[];
  readonly pool: Pool;
  /** By slot: null for what does not exist or runs in circles. */
  readonly flagSlots: readonly (CompiledFlag | null)[];
  readonly segmentSlots: readonly (CompiledSegment | null)[];
  readonly searches: SearchBudget;
  /** How many characters of answers may still be kept. */
  readonly room: Record<"client" | "server", number>;
  /** Flags and segments that no reference may enter, by their entries' names: see graph.tangled. */
  readonly tangled: ReadonlySet<string>;
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
  /** Flags that the kills in force touch. */
  killed: readonly CompiledFlag[];
}
