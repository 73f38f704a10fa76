import type { Snapshot } from "../../schema/snapshot.ts";
import type { CompiledFlag, Part } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { DialectSource } from "../model/dialects.ts";
import type { Pool } from "../model/pool.ts";
import type { RegexEngine } from "../model/search.ts";
import { budgetOf } from "../operators/search-budget.ts";
import { inOneGo, type Slices } from "../slices.ts";
import { compilePart, type PartContext, type PartDocuments, type ReadBlock } from "./compile-part.ts";
import { changedFlags, flagMap, handOver } from "./flag-map.ts";
import { Gates } from "./gates.ts";
import { applyKills } from "./kills.ts";
import { collectLists } from "./lists.ts";
import { emptyPool, forgetNames } from "./pool.ts";
import { staleKillsOf } from "./stale-kills.ts";
import { segmentMap, slotsOf, tangledIn } from "./wire.ts";

/** What a part is compiled from. */
export interface PartSource {
  /** Stands for its documents; empty: nothing does. */
  readonly hash: string;
  documents(): PartDocuments;
}

type Head = Pick<Snapshot, "project" | "environment" | "epoch" | "revision" | "kills">;

/** Characters of answers that a snapshot keeps for each audience; beyond, chunks are put together anew each time. */
const KEPT_CHARACTERS = 8 * 1024 * 1024;
/** How much neighbouring blocks may hold to be one part. */
export interface PartSize {
  readonly flags: number;
  readonly rules: number;
}

/**
 * A bulk evaluation takes some tenths of a microsecond for each part; a change compiles a part in a few milliseconds, in
 * slices.
 */
const PART_SIZE: PartSize = { flags: 1_024, rules: 2_000 };
/** More changed flags than this are not worth changing a map for. */
const CHANGED = 2_000;
/** Slots are numbered for good. With so many, most of them unused for long, everything is compiled anew. */
const SLOTS = 100_000;

/** Compiles a snapshot from its parts in their order; what `previous` holds of the same parts is used again. */
export function* compileParts(
  previous: CompiledSnapshot | null,
  head: Head,
  sources: readonly PartSource[],
  regex: RegexEngine,
  size = PART_SIZE,
  dialects?: DialectSource,
): Slices<CompiledSnapshot> {
  const before = previous !== null && previous.pool.slotsGiven < SLOTS ? previous : null;
  const pool = before?.pool ?? emptyPool();
  const parts = yield* partsOf(
    before?.parts ?? [],
    sources,
    { pool, names: new Map(), gates: new Gates(), regex, dialects },
    size,
  );
  const gone = without(before?.parts ?? [], parts);
  const made = without(parts, before?.parts ?? []);
  const changed = changedFlags(gone, made);
  // Few changes are made in the map of the version before, if no other successor has it by now.
  const whole = before === null || changed.size > CHANGED ? yield* flagMap(parts) : null;
  const flag = (key: string) =>
    whole !== null || before === null ? whole?.get(key) : changed.has(key) ? changed.get(key) : before.flags.get(key);
  const linked = yield* link({ before, gone, made, parts, pool, flag });
  yield* forgetNames(pool, parts);
  yield;
  const own = before !== null && whole === null && before.flags instanceof Map ? before.flags : null;
  const flags = whole ?? own ?? inOneGo(flagMap(parts));
  const { project, environment, epoch, revision, kills } = head;
  const { flagSlots, segmentSlots, searches, tangled, lists, listsByFlag, listsOfTargeted } = linked;
  const room = (audience: "client" | "server") =>
    parts.reduce((left, { chunks }) => left - (chunks.pages[audience]?.kept ?? 0), KEPT_CHARACTERS);
  const compiled: CompiledSnapshot = {
    project,
    environment,
    epoch,
    revision,
    size: parts.reduce((sum, part) => sum + part.flags.length, 0),
    flags,
    parts,
    pool,
    flagSlots,
    segmentSlots,
    searches,
    room: { client: room("client"), server: room("server") },
    tangled,
    lists,
    listsByFlag,
    listsOfTargeted,
    readsEdge: parts.some(({ wiring }) => wiring.readsEdge),
    expires: parts.some(({ wiring }) => wiring.expires),
    stale: staleKillsOf(parts, revision),
    patternsLeft: searches.left,
    killed: [],
  };
  if (before !== null && own !== null) handOver(before, own, changed, compiled);
  applyKills(compiled, kills);
  return compiled;
}

/** From the last to the first: see Gates. */
function* partsOf(
  known: readonly Part[],
  sources: readonly PartSource[],
  context: PartContext,
  size: PartSize,
): Slices<Part[]> {
  const byLast = new Map(known.map((part) => [part.hashes.at(-1), part]));
  const { gates } = context;
  const parts: Part[] = [];
  /** Neighbours that make the next part. */
  let run: ReadBlock[] = [];
  for (let left = sources.length; left > 0; ) {
    const { hash } = sources[left - 1] as PartSource;
    const same = byLast.get(hash);
    if (same && endWith(sources, left, same.hashes)) {
      if (run.length > 0) parts.push(yield* compilePart(run, context));
      run = [];
      gates.add(same.wiring);
      if (gates.fit(same)) {
        parts.push(same);
        left -= same.hashes.length;
        continue;
      }
    }
    const documents = (sources[left - 1] as PartSource).documents();
    yield;
    if (run.length > 0 && !fitTogether([documents, ...run.map((block) => block.documents)], size)) {
      parts.push(yield* compilePart(run, context));
      run = [];
    }
    run.unshift({ hash, documents });
    left--;
  }
  if (run.length > 0) parts.push(yield* compilePart(run, context));
  return parts.reverse();
}

/** Whether the first so many sources end with these. */
const endWith = (sources: readonly PartSource[], count: number, hashes: readonly string[]): boolean =>
  count >= hashes.length && hashes.every((hash, index) => hash === sources[count - hashes.length + index]?.hash);

function fitTogether(all: readonly PartDocuments[], size: PartSize): boolean {
  const rules = all.flatMap(({ flags }) => Object.values(flags).map(({ state }) => state.rules.length));
  return rules.length <= size.flags && rules.reduce((sum, one) => sum + one, 0) <= size.rules;
}

type Linked = Pick<
  CompiledSnapshot,
  "flagSlots" | "segmentSlots" | "searches" | "tangled" | "lists" | "listsByFlag" | "listsOfTargeted"
>;

interface Change {
  readonly before: CompiledSnapshot | null;
  /** Parts of the version before alone, and of this version alone. */
  readonly gone: readonly Part[];
  readonly made: readonly Part[];
  readonly parts: readonly Part[];
  readonly pool: Pool;
  readonly flag: (key: string) => CompiledFlag | undefined;
}

/** What parts mean to each other. What no changed part says anything of is taken from the version before. */
function* link({ before, gone, made, parts, pool, flag }: Change): Slices<Linked> {
  if (before !== null && gone.length === 0 && made.length === 0) return before;
  const unchanged = (what: (part: Part) => readonly string[]): boolean =>
    before !== null && sameAll(gone.flatMap(what), made.flatMap(what));
  const named = { flag, segments: yield* segmentMap(parts) };
  const wiredAlike =
    unchanged(({ wiring: { text } }) => (text === "" ? [] : [text])) &&
    unchanged(({ flags }) => flags.map(({ key }) => key));
  const rewired = wiredAlike ? null : yield* tangledIn(parts, named);
  const tangled = rewired ?? (before as CompiledSnapshot).tangled;
  const slots = yield* slotsOf(parts, pool, named, tangled);
  const { lists, listsByFlag, listsOfTargeted } =
    rewired === null ? (before as CompiledSnapshot) : yield* collectLists(parts, named, tangled);
  const searchesAlike = unchanged(({ wiring }) => [...(wiring.searches?.tests.keys() ?? [])]);
  const searches = searchesAlike
    ? (before as CompiledSnapshot).searches
    : budgetOf(
        parts.flatMap(({ wiring }) => wiring.searches ?? []),
        ++pool.budgets,
      );
  return { ...slots, searches, tangled, lists, listsByFlag, listsOfTargeted };
}

const sameAll = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((item, index) => item === other[index]);

function without(parts: readonly Part[], others: readonly Part[]): Part[] {
  const known = new Set(others);
  return parts.filter((part) => !known.has(part));
}
