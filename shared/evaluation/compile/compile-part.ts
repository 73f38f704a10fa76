import { type BlockDocuments, entryName } from "../../blocks/block.ts";
import type { SnapshotFlag } from "../../schema/snapshot.ts";
import { flagDependencies, segmentDependencies } from "../graph.ts";
import type { CompiledFlag, Part } from "../model/compiled-flag.ts";
import type { DialectSource } from "../model/dialects.ts";
import type { Outcome } from "../model/outcome.ts";
import type { Pool } from "../model/pool.ts";
import { type CompiledSegment, UNTIL } from "../model/predicate.ts";
import type { Step } from "../model/program.ts";
import type { RegexEngine } from "../model/search.ts";
import type { StaleFlag, WiredNode } from "../model/wiring.ts";
import { searchesOf, searchingConditions } from "../operators/search-budget.ts";
import { forEach, type Slices } from "../slices.ts";
import { chunksOf } from "./chunks.ts";
import { ConditionCompiler, type PredicateNames } from "./condition-compiler.ts";
import type { Gates } from "./gates.ts";
import { leadingSplit } from "./program.ts";
import { ProgramWriter, type WrittenFlag } from "./program-writer.ts";
import { linked } from "./steps.ts";

/** What a flag and each of its rules take to be compiled: see forEach. */
const FLAG_WORK = 3;
const RULE_WORK = 3;

/** What is compiled of a block. */
export type PartDocuments = Pick<BlockDocuments, "flags" | "segments" | "layers" | "holdouts">;

/** A block with its documents read. */
export interface ReadBlock {
  readonly hash: string;
  readonly documents: PartDocuments;
}

export interface PartContext {
  readonly pool: Pool;
  readonly names: PredicateNames;
  readonly gates: Gates;
  readonly regex: RegexEngine;
  readonly dialects: DialectSource | undefined;
}

/** Compiles neighbouring blocks into a part. Their layers and holdouts, and those of all parts after it, are known then. */
export function* compilePart(
  blocks: readonly ReadBlock[],
  { pool, names, gates, regex, dialects }: PartContext,
): Slices<Part> {
  const documents = together(blocks);
  const layers = new Map(Object.entries(documents.layers));
  const holdouts = new Map(Object.entries(documents.holdouts));
  gates.add({ layers, holdouts });
  gates.asked.clear();
  const keys = Object.keys(documents.flags).sort();
  const flagOf = (key: string) => documents.flags[key] as SnapshotFlag;
  const searches = searchesOf(
    [
      ...keys.flatMap((key) => searchingConditions(flagOf(key).state)),
      ...Object.values(documents.segments).flatMap(({ when }) => when ?? []),
    ],
    regex,
  );
  const conditions = new ConditionCompiler(pool, names, searches, dialects);
  const writer = new ProgramWriter(gates, conditions);
  const nodes: WiredNode[] = [];
  const asked = (): string[] => {
    const all = [...conditions.asked];
    conditions.asked.clear();
    return all;
  };
  const written: WrittenFlag[] = [];
  yield* forEach(keys, (key) => {
    const flag = flagOf(key);
    written.push(writer.write(flag));
    const asks = asked();
    const dependencies = flagDependencies(flag.state).map((other) => entryName("flag", other));
    if (asks.length > 0 || dependencies.length > 0)
      nodes.push({ name: entryName("flag", key), visibility: flag.visibility, dependencies, asks });
    return FLAG_WORK + RULE_WORK * flag.state.rules.length;
  });
  const segments = Object.entries(documents.segments).map(([key, segment]) => {
    const compiled = conditions.segment(key, segment);
    const dependencies = (segment.when ? segmentDependencies(segment.when) : []).map((other) =>
      entryName("segment", other),
    );
    const asks = asked();
    nodes.push({ name: entryName("segment", key), visibility: null, dependencies, asks });
    return compiled;
  });
  // A condition's form depends on whether it stands in several places, so all of them are compiled before.
  const entries = written.map(({ clauses }) => linked(clauses));
  const firsts = Int32Array.from([...written.map(({ first }) => first), writer.results.length]);
  const { predicates } = conditions;
  yield;
  const chunks = chunksOf(
    written.map(({ clauses }) => clauses),
    entries,
    firsts,
  );
  yield;
  const flags: CompiledFlag[] = [];
  const part: Part = {
    hashes: blocks.map(({ hash }) => hash),
    flags,
    firsts,
    results: writer.results,
    outcomes: new Array<Outcome | null>(writer.results.length).fill(null),
    chunks,
    predicates,
    units: [...conditions.units],
    segments,
    killed: [],
    wiring: {
      layers,
      holdouts,
      gates: new Map(gates.asked),
      slots: conditions.slots,
      nodes,
      text: wiringText(nodes, segments),
      borrowed: [...conditions.borrowed],
      searches,
      stale: keys.flatMap((key) => staleFlag(key, flagOf(key))),
      readsEdge: conditions.reads("edge"),
      expires: predicates.some(({ op }) => op === UNTIL),
      canBlock: predicates.some(({ blockable }) => blockable),
    },
  };
  for (const [index, key] of keys.entries()) {
    const { variants, offVariant, visibility } = flagOf(key);
    const entry = entries[index] as Step;
    flags.push({
      key,
      variants,
      offVariant,
      visibility,
      part,
      index,
      entry,
      split: leadingSplit(entry),
      blocked: (written[index] as WrittenFlag).blocked,
      fixed: null,
      kills: null,
      instead: null,
    });
  }
  yield;
  return part;
}

function together(blocks: readonly ReadBlock[]): PartDocuments {
  const all = <Kind extends keyof PartDocuments>(kind: Kind): PartDocuments[Kind] =>
    Object.assign({}, ...blocks.map(({ documents }) => documents[kind]));
  const [only] = blocks;
  if (only && blocks.length === 1) return only.documents;
  return { flags: all("flags"), segments: all("segments"), layers: all("layers"), holdouts: all("holdouts") };
}

function wiringText(nodes: readonly WiredNode[], segments: readonly CompiledSegment[]): string {
  const lists = segments.flatMap(({ list }) => list ?? []);
  return nodes.length === 0 && lists.length === 0 ? "" : JSON.stringify([nodes, lists]);
}

/** A flag that gives up once knowledge is so old; see `onStale`. */
function staleFlag(flag: string, { state, offVariant }: SnapshotFlag): StaleFlag[] {
  if (state.onStale?.action !== "killVariant") return [];
  const serve = state.killVariant === undefined ? offVariant : state.killVariant;
  return [{ flag, afterSeconds: state.onStale.afterSeconds, serve }];
}
