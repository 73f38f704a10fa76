import type { Snapshot } from "../../schema/snapshot.ts";
import type { Part } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { Pool } from "../model/pool.ts";
import type { RegexEngine } from "../model/search.ts";
import { budgetOf } from "../operators/search-budget.ts";
import type { Slices } from "../slices.ts";
import { compilePart, type PartDocuments } from "./compile-part.ts";
import { Gates } from "./gates.ts";
import { applyKills } from "./kills.ts";
import { collectLists } from "./lists.ts";
import { emptyPool, forgetNames } from "./pool.ts";
import { staleKillsOf } from "./stale-kills.ts";
import { namedIn, slotsOf, tangledIn } from "./wire.ts";

/** What a part is compiled from. */
export interface PartSource {
  /** Stands for its documents; empty: nothing does. */
  readonly hash: string;
  documents(): PartDocuments;
}

type Head = Pick<Snapshot, "project" | "environment" | "epoch" | "revision" | "kills">;

/** Characters of answers that a snapshot keeps for each audience; beyond, chunks are put together anew each time. */
const KEPT_CHARACTERS = 8 * 1024 * 1024;
/** Slots are numbered for good. With so many, most of them unused for long, everything is compiled anew. */
const SLOTS = 100_000;

/** Compiles a snapshot from its parts in their order; what `previous` holds of the same parts is used again. */
export function* compileParts(
  previous: CompiledSnapshot | null,
  head: Head,
  sources: readonly PartSource[],
  regex: RegexEngine,
): Slices<CompiledSnapshot> {
  const before = previous !== null && previous.pool.slotsGiven < SLOTS ? previous : null;
  const pool = before?.pool ?? emptyPool();
  const parts = yield* partsOf(before?.parts ?? [], sources, pool, regex);
  const same = before !== null && sameAll(before.parts, parts);
  const linked = same ? before : yield* link(before, parts, pool);
  yield* forgetNames(pool, parts);
  const { project, environment, epoch, revision, kills } = head;
  const { flags, flagSlots, segmentSlots, searches, tangled, lists, listsByFlag, listsOfTargeted } = linked;
  const room = (audience: "client" | "server") =>
    parts.reduce((left, { chunks }) => left - (chunks.pages[audience]?.kept ?? 0), KEPT_CHARACTERS);
  const compiled: CompiledSnapshot = {
    project,
    environment,
    epoch,
    revision,
    size: flags.size,
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
  applyKills(compiled, kills);
  return compiled;
}

/** From the last to the first: see Gates. */
function* partsOf(
  known: readonly Part[],
  sources: readonly PartSource[],
  pool: Pool,
  regex: RegexEngine,
): Slices<Part[]> {
  const byHash = new Map(known.map((part) => [part.hash, part]));
  const gates = new Gates();
  const context = { pool, names: new Map(), gates, regex };
  const parts: Part[] = [];
  for (const source of [...sources].reverse()) {
    const same = source.hash === "" ? undefined : byHash.get(source.hash);
    if (same) {
      gates.add(same.wiring);
      if (gates.fit(same)) {
        parts.push(same);
        continue;
      }
    }
    const documents = source.documents();
    yield;
    parts.push(compilePart(source.hash, documents, context));
    yield;
  }
  return parts.reverse();
}

type Linked = Pick<
  CompiledSnapshot,
  "flags" | "flagSlots" | "segmentSlots" | "searches" | "tangled" | "lists" | "listsByFlag" | "listsOfTargeted"
>;

/** What parts mean to each other. What no changed part says anything of is taken from the version before. */
function* link(before: CompiledSnapshot | null, parts: readonly Part[], pool: Pool): Slices<Linked> {
  const gone = without(before?.parts ?? [], parts);
  const made = without(parts, before?.parts ?? []);
  const unchanged = (what: (part: Part) => readonly string[]): boolean =>
    before !== null && sameAll(gone.flatMap(what), made.flatMap(what));
  const named = yield* namedIn(parts);
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
  return { flags: named.flags, ...slots, searches, tangled, lists, listsByFlag, listsOfTargeted };
}

const sameAll = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && one.every((item, index) => item === other[index]);

function without(parts: readonly Part[], others: readonly Part[]): Part[] {
  const known = new Set(others);
  return parts.filter((part) => !known.has(part));
}
