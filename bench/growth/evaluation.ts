import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { blockText, documentsOf, type Entry, entriesOfSnapshot } from "../../shared/blocks/block.ts";
import { cut } from "../../shared/blocks/partition.ts";
import type { CompiledSnapshot } from "../../shared/evaluation/compile/compile.ts";
import type { BlockSource } from "../../shared/evaluation/compile/compile-blocks.ts";
import type { Manifest } from "../../shared/schema/manifest.ts";
import type { Snapshot } from "../../shared/schema/snapshot.ts";
import { ownBundle } from "../sizes.ts";
import { type BenchFlag, distinctFlags, mixedFlags, mixedUser, ourSnapshot } from "../workloads.ts";
import { type GrowthRow, rowOf } from "./row.ts";

/*
 * What a change costs the evaluator of an edge, whose environment lies in blocks.
 */

const { compileBlocks, evaluateAll, prepare, re2 } = await ownBundle();
const NOW = Date.now();
const EDITS = 64;
const quantile = (values: readonly number[], at: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * at)] as number;
let sink = 0;

/** An environment in blocks, one flag after the other edited. */
class Environment {
  compiled: CompiledSnapshot;
  /** Milliseconds that each slice of the last change took. */
  slices: number[] = [];
  readonly #head: Omit<Manifest, "blocks" | "chars" | "revision">;
  readonly #blocks: Entry[][];
  #texts: string[];
  #revision = 1;

  constructor(flags: readonly BenchFlag[]) {
    const { minReader, project, environment, epoch, kills, ...rest }: Snapshot = ourSnapshot(flags);
    this.#head = { minReader, project, environment, epoch, kills };
    this.#blocks = cut(entriesOfSnapshot(rest));
    this.#texts = this.#blocks.map(blockText);
    this.compiled = this.#load(null);
  }

  /** Gives the flag at a place in the order of keys a rule of its own, and compiles what came of it. */
  edit(place: number, pause = (): void => {}): void {
    let block = 0;
    for (; place >= (this.#blocks[block]?.length ?? Number.POSITIVE_INFINITY); block++)
      place -= this.#blocks[block]?.length ?? 0;
    const entries = this.#blocks[block] as Entry[];
    const [name, json] = entries[place] as Entry;
    const flag = JSON.parse(json);
    const when = { attribute: "plan", op: "equals", values: [`edit-${this.#revision}`] };
    flag.state.rules = [...flag.state.rules, { id: `edit-${this.#revision}`, when, serve: { variant: "on" } }].slice(
      -5,
    );
    entries[place] = [name, JSON.stringify(flag)];
    this.#texts = this.#texts.with(block, blockText(entries));
    this.#revision++;
    this.compiled = this.#load(this.compiled, pause);
  }

  fresh(): CompiledSnapshot {
    return this.#load(null);
  }

  /** A block's text stands for its hash. */
  #load(previous: CompiledSnapshot | null, pause = (): void => {}): CompiledSnapshot {
    const manifest = { ...this.#head, revision: this.#revision, blocks: this.#texts, chars: 0 };
    const sources = this.#texts.map((text): BlockSource => ({ hash: text, documents: () => documentsOf(text) }));
    this.slices = [];
    const work = compileBlocks(previous, manifest, sources, re2);
    for (;;) {
      const start = performance.now();
      const step = work.next();
      this.slices.push(performance.now() - start);
      if (step.done) return step.value;
      pause();
    }
  }
}

/** Places all over an environment of so many flags. */
const placeOf = (edit: number, count: number): number => (Math.imul(edit + 1, 0x9e3779b1) >>> 1) % count;

function nanoseconds(compiled: CompiledSnapshot, first: number): number {
  const contexts = Array.from({ length: 20 }, (_, index) => {
    const { id, ...rest } = mixedUser(first + index);
    return JSON.parse(JSON.stringify({ targetingKey: id, ...rest })) as object;
  });
  const start = performance.now();
  for (const context of contexts) {
    const { flags } = evaluateAll(compiled, prepare(compiled, context, NOW), "server");
    sink += flags.charCodeAt(flags.length >> 1);
  }
  return ((performance.now() - start) * 1e6) / contexts.length;
}

/** How fast a bulk evaluation of mixed flags is after so many edits, one by one; fresh = 1, more is faster. */
function speedAfterEdits(flags: number, rounds = 600): number {
  const environment = new Environment(mixedFlags(flags));
  for (let edit = 0; edit < EDITS; edit++) environment.edit(placeOf(edit, flags));
  const fresh = environment.fresh();
  const ratios = Array.from({ length: rounds }, (_, round) => {
    const [one, other] = round % 2 === 0 ? [fresh, environment.compiled] : [environment.compiled, fresh];
    const took = [nanoseconds(one, round * 40), nanoseconds(other, round * 40 + 20)] as const;
    return round % 2 === 0 ? took[0] / took[1] : took[1] / took[0];
  });
  return quantile(ratios.slice(rounds >> 1), 0.5);
}

/**
 * Milliseconds of the longest slice of an edit's compilation: of each slice, by its place in the work, the lower
 * quartile of all edits, since whatever else runs on the machine only adds to it.
 */
function longestSlice(flags: number): number {
  const environment = new Environment(distinctFlags(flags));
  const edits = Array.from({ length: 4 * EDITS }, (_, edit) => {
    environment.edit(placeOf(edit, flags));
    return environment.slices;
  }).slice(EDITS);
  const places = Math.max(...edits.map((slices) => slices.length));
  const slices = Array.from({ length: places }, (_, place) => edits.flatMap((one) => one[place] ?? []));
  return Math.max(...slices.map((times) => quantile(times, 0.25)));
}

/** The most that the heap holds while an edit is compiled, beyond what it held without any snapshot; one copy = 1. */
function heapThroughChange(flags: number): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const used = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const empty = used();
  const environment = new Environment(distinctFlags(flags));
  sink += environment.compiled.size;
  const one = used() - empty;
  let most = 0;
  for (let edit = 0; edit < 5; edit++)
    environment.edit(placeOf(edit, flags), () => {
      most = Math.max(most, used() - empty);
    });
  return most / one;
}

/** The evaluator's rows of the table of growth. */
export async function evaluationRows(sizes: readonly number[]): Promise<GrowthRow[]> {
  const largest = Math.max(...sizes);
  const rows = [
    rowOf(
      `bulk evaluation after ${EDITS} edits, freshly loaded = 1`,
      "×",
      [Math.min(largest, 1_000)],
      speedAfterEdits,
      {
        atLeast: 0.97,
      },
    ),
    rowOf("heap through an edit, compiled parts alone, one copy = 1", "copies", [largest], heapThroughChange, {
      atMost: 1.2,
    }),
    rowOf("longest slice of the compiler for an edit", "ms", [largest], longestSlice, { atMost: 3 }),
  ];
  if (sink < 0) throw new Error("unreachable: keeps the answers alive");
  return rows;
}
