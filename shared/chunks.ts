import { constantResult, NONE, type Program } from "./program.ts";

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
  /** Flags that can serve different results, in fours: flag, its first step, its first result, what a result counts. */
  readonly varying: Int32Array;
  /** Per chunk: where its varying flags end. */
  readonly ends: Int32Array;
  /** Per chunk: the place of its first combination in a page; one more at the end. */
  readonly places: Int32Array;
  /** Per chunk: the place of a subject's combination, while its answer is made. */
  readonly found: Int32Array;
  /** Per chunk: a kill touches it. */
  readonly killed: Uint8Array;
  readonly pages: Record<"client" | "server", Page | null>;
}

/** The fragments that one audience gets, by combination: texts, and beside each its four numbers. See Fragment. */
export interface Page {
  readonly texts: (string | null)[];
  readonly numbers: Int32Array;
  /** How many characters may still be kept. */
  room: number;
}

export function pageOf(chunks: Chunks): Page {
  const size = chunks.places[chunks.count] as number;
  return {
    texts: new Array<string | null>(size).fill(null),
    numbers: new Int32Array(size * 4),
    room: KEPT_CHARACTERS,
  };
}

export function chunksOf(program: Program): Chunks {
  const { firsts } = program;
  const count = firsts.length - 1;
  const of = new Int32Array(count);
  const flags: number[] = [];
  const varying: number[] = [];
  const ends: number[] = [];
  const places: number[] = [];
  let place = 0;
  let combinations = 1;
  for (let flag = 0; flag < count; flag++) {
    const first = firsts[flag] as number;
    const results = constantResult(program, flag) === NONE ? (firsts[flag + 1] as number) - first : 1;
    const begun = flag - (flags.at(-1) ?? Number.NEGATIVE_INFINITY);
    if (begun >= FLAGS || combinations * results > COMBINATIONS) {
      if (flags.length > 0) ends.push(varying.length);
      place += flags.length > 0 ? combinations : 0;
      flags.push(flag);
      places.push(place);
      combinations = 1;
    }
    of[flag] = flags.length - 1;
    if (results === 1) continue;
    varying.push(flag, program.starts[flag] as number, first, combinations);
    combinations *= results;
  }
  if (flags.length > 0) ends.push(varying.length);
  return {
    count: flags.length,
    of,
    flags: Int32Array.from([...flags, count]),
    varying: Int32Array.from(varying),
    ends: Int32Array.from(ends),
    places: Int32Array.from([...places, place + combinations]),
    found: new Int32Array(flags.length),
    killed: new Uint8Array(flags.length),
    pages: { client: null, server: null },
  };
}
