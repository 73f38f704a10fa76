import type { Snapshot, SnapshotFlag } from "../../schema/snapshot.ts";
import { flagDependencies, segmentDependencies, tangled } from "../graph.ts";
import type { CompiledFlag } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { Outcome } from "../model/outcome.ts";
import { UNTIL } from "../model/predicate.ts";
import type { RegexEngine, SearchPlan } from "../model/search.ts";
import { planSearches } from "../operators/plan-searches.ts";
import { chunksOf } from "./chunks.ts";
import { ConditionCompiler } from "./condition-compiler.ts";
import { applyKills } from "./kills.ts";
import { collectLists } from "./lists.ts";
import { leadingSplit } from "./program.ts";
import { ProgramWriter } from "./program-writer.ts";
import { staleKillsOf } from "./stale-kills.ts";

export type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
export { applyKills } from "./kills.ts";
export { staleKills } from "./stale-kills.ts";

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
    expires: predicates.some(({ op }) => op === UNTIL),
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
