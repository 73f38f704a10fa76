import type { Unit } from "./predicate.ts";
import { type Clause, constantResult, NONE, type Program } from "./program.ts";
import { type RuledFlag, type RuleIndex, ruleIndexOf, usualResult } from "./rule-index.ts";

/*
 * Neighbouring flags whose results have few combinations form a chunk, and a chunk's bulk fragment is made once per
 * combination that occurs: a bulk answer joins chunks, not flags. Nothing about a subject is kept, only that these
 * results have stood side by side. A flag that serves everybody alike adds no combination and so costs nothing.
 */

/** Combinations of results in one chunk. More make longer chunks, of which each is needed less often. */
const COMBINATIONS = 24;
/** A kill makes its chunk be put together anew each time, so it should not hold hundreds of constant flags. */
const FLAGS = 32;
/** Characters that one page keeps; beyond, chunks are put together anew each time. */
const KEPT_CHARACTERS = 8 * 1024 * 1024;

export interface Chunks {
  readonly count: number;
  /** Per flag: its chunk. */
  readonly of: Int32Array;
  /** Per chunk: its first flag; one more at the end. */
  readonly flags: Int32Array;
  /** Flags with conditions, and splits of more than two. */
  readonly ruled: RuleIndex;
  /** Flags that are a split of two and nothing else, by what they bucket. */
  readonly halved: readonly Halved[];
  /** Per chunk: where its combinations begin in a page, and from there to whom no condition holds for. */
  readonly places: Int32Array;
  /** Combinations of all chunks: the places of a page. */
  readonly size: number;
  /** Per chunk: the place of a subject's combination, while its answer is made. */
  readonly found: Int32Array;
  /** Per chunk: a kill touches it. */
  readonly killed: Uint8Array;
  readonly pages: Record<"client" | "server", Page | null>;
}

/** Flags that everybody gets one half or the other of: most of a project's rollouts, and quickest done together. */
export interface Halved {
  readonly unit: Unit;
  /** In sevens: chunk, seed, the first half's end, what either half counts, flag, what a result counts. */
  readonly flags: Int32Array;
}

/** The fragments that one audience gets, by combination: texts, and beside each its three numbers. See Fragment. */
export interface Page {
  readonly texts: (string | null)[];
  readonly numbers: Int32Array;
  /** How many characters may still be kept. */
  room: number;
}

export function pageOf({ size }: Chunks): Page {
  return {
    texts: new Array<string | null>(size).fill(null),
    numbers: new Int32Array(size * 3),
    room: KEPT_CHARACTERS,
  };
}

export function chunksOf(program: Program, clauses: readonly (readonly Clause[])[]): Chunks {
  const { firsts } = program;
  const count = firsts.length - 1;
  const of = new Int32Array(count);
  const flags: number[] = [];
  const places: number[] = [];
  const ruled: RuledFlag[] = [];
  const halved = new Map<Unit, number[]>();
  let place = 0;
  let combinations = 1;
  for (let flag = 0; flag < count; flag++) {
    const first = firsts[flag] as number;
    const results = constantResult(program, flag) === NONE ? (firsts[flag + 1] as number) - first : 1;
    const begun = flag - (flags.at(-1) ?? Number.NEGATIVE_INFINITY);
    if (begun >= FLAGS || combinations * results > COMBINATIONS) {
      if (flags.length > 0) place += combinations;
      flags.push(flag);
      places.push(place);
      combinations = 1;
    }
    const chunk = flags.length - 1;
    of[flag] = chunk;
    if (results === 1) continue;
    const its = clauses[flag] as readonly Clause[];
    const half = halfOf(its);
    if (half === null) {
      const usual = usualResult(its);
      places[chunk]! += ((usual ?? first) - first) * combinations;
      ruled.push({ clauses: its, flag, chunk, usual, first, counts: combinations });
    } else {
      const known = halved.get(half.unit) ?? [];
      const [one, other] = half.results.map((result) => (result - first) * combinations) as [number, number];
      known.push(chunk, half.seed, half.end, one, other, flag, combinations);
      halved.set(half.unit, known);
    }
    combinations *= results;
  }
  return {
    count: flags.length,
    of,
    flags: Int32Array.from([...flags, count]),
    ruled: ruleIndexOf(ruled),
    halved: [...halved].map(([unit, parts]) => ({ unit, flags: Int32Array.from(parts) })),
    places: Int32Array.from(places),
    size: place + combinations,
    found: new Int32Array(flags.length),
    killed: new Uint8Array(flags.length),
    pages: { client: null, server: null },
  };
}

interface Half {
  readonly unit: Unit;
  readonly seed: number;
  readonly end: number;
  readonly results: readonly [number, number];
}

function halfOf([clause]: readonly Clause[]): Half | null {
  if (clause === undefined || clause.condition !== null || typeof clause.served === "number") return null;
  const { unit, seed, arms } = clause.served;
  if (typeof arms === "number") return null;
  const { end, lower, upper } = arms;
  return typeof lower === "number" && typeof upper === "number" ? { unit, seed, end, results: [lower, upper] } : null;
}
