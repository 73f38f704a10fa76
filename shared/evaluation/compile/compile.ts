import type { Kill, Snapshot, SnapshotFlag } from "../../schema/snapshot.ts";
import type { SegmentList } from "../../segments/segment-list.ts";
import { flagDependencies, segmentDependencies, tangled } from "../graph.ts";
import type { Outcome, OutcomeFlag, Result } from "../model/outcome.ts";
import { planSearches, type RegexEngine, type SearchPlan } from "../operators/regex/search-plan.ts";
import { applyKills, type StaleKill, staleKillsOf } from "../run/kills.ts";
import { type Chunks, chunksOf } from "./chunks.ts";
import { ConditionCompiler } from "./condition-compiler.ts";
import { collectLists } from "./lists.ts";
import type { Predicate, Split, Unit } from "./predicate.ts";
import { leadingSplit, type Program, ProgramWriter } from "./program.ts";

export type { Regex, RegexEngine, Steps } from "../operators/regex/search-plan.ts";
export { applyKills, staleKills } from "../run/kills.ts";

export interface CompiledFlag extends OutcomeFlag {
  /** Its place among the snapshot's flags in the order of keys. */
  readonly index: number;
  /** What everybody gets, where nothing about a subject can change it; null until first served or killed. */
  fixed: Outcome | null;
  /** Null when no kill touches it. */
  kills: FlagKills | null;
  /** By killed variant: what its people get instead; null when no variant is killed, or the whole flag is. */
  instead: ReadonlyMap<string, Outcome> | null;
  /** The split that everybody comes to first; null when the flag begins with anything else. */
  split: Split | null;
}

/** The kills of one flag that are in force. */
export interface FlagKills {
  /** Of the whole flag. */
  all: Kill | null;
  /** Of single variants. */
  readonly variants: Map<string, Kill>;
}

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
  readonly results: readonly Result[];
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
  /** Flags with `onStale: killVariant`: when each gives up, in seconds of age, ascending. */
  readonly stale: readonly StaleKill[];
  /** Regular expressions that are not run, since they are larger or more than was ever allowed to be saved since. */
  readonly patternsLeft: number;
  /** The stamp last given to a subject. */
  stamp: number;
  /** Flags that the kills in force touch. */
  killed: readonly CompiledFlag[];
}

/**
 * Compiles a snapshot that passed the schema. Never throws: what is missing (variants, segments, flags, layers)
 * or runs in circles evaluates to off. The snapshot must not be changed afterwards; its own kills are in force.
 */
export function compile(snapshot: Snapshot, regex: RegexEngine): CompiledSnapshot {
  const { segments } = snapshot;
  const keys = Object.keys(snapshot.flags).sort();
  // Flags refer to each other, so all must exist before any condition is compiled.
  const ordered = keys.map((key, index) => compiledFlag(key, index, snapshot.flags[key] as SnapshotFlag));
  const flags = new Map(ordered.map((flag) => [flag.key, flag]));
  let searchPlan: SearchPlan | null = null;
  const searches = (): SearchPlan => {
    searchPlan ??= planSearches(snapshot, regex);
    return searchPlan;
  };
  const conditions = new ConditionCompiler({
    searches,
    segments,
    tangledSegments: tangled(Object.keys(segments), (key) => {
      const when = Object.hasOwn(segments, key) ? segments[key]?.when : undefined;
      return when ? segmentDependencies(when) : [];
    }),
    flags,
    tangledFlags: tangled(keys, (key) => flagDependencies((snapshot.flags[key] as SnapshotFlag).state)),
  });
  const writer = new ProgramWriter(snapshot, conditions);
  for (const flag of ordered) writer.write(snapshot.flags[flag.key] as SnapshotFlag);
  const program = writer.finish();
  for (const flag of ordered) flag.split = leadingSplit(program, flag.index);
  const { clauses } = writer;
  const { predicates, units } = conditions;
  const compiled: CompiledSnapshot = {
    project: snapshot.project,
    environment: snapshot.environment,
    epoch: snapshot.epoch,
    revision: snapshot.revision,
    size: ordered.length,
    flags,
    ordered,
    program,
    predicates,
    units,
    results: writer.results,
    outcomes: new Array<Outcome | null>(writer.results.length).fill(null),
    chunks: chunksOf(program, clauses),
    ...collectLists(ordered, clauses, predicates),
    readsEdge: conditions.reads("edge"),
    stale: staleKillsOf(snapshot),
    patternsLeft: (searchPlan as SearchPlan | null)?.left ?? 0,
    stamp: 0,
    killed: [],
  };
  applyKills(compiled, snapshot.kills);
  return compiled;
}

function compiledFlag(key: string, index: number, flag: SnapshotFlag): CompiledFlag {
  const { variants, offVariant, visibility } = flag;
  return {
    key,
    index,
    variants,
    offVariant,
    visibility,
    fixed: null,
    kills: null,
    instead: null,
    split: null,
  };
}
