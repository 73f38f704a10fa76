import type { Fragment } from "./outcome.ts";
import { constantResult, NONE, type Program } from "./program.ts";

/*
 * Neighbouring flags whose results have few combinations form a chunk, and a chunk's bulk fragment is made once per
 * combination that occurs: a bulk answer joins chunks, not flags. Nothing about a subject is kept, only that these
 * results have stood side by side. A flag that serves everybody alike adds no combination and so costs nothing.
 */

/** Combinations of results in one chunk. More make longer chunks, of which each is needed less often. */
const COMBINATIONS = 36;
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
  /** Flags that can serve different results, in threes: flag, its first result, what a result counts. */
  readonly varying: Int32Array;
  /** Per chunk: where its varying flags end. */
  readonly ends: Int32Array;
  /** Per chunk: the place of its first combination in a page. */
  readonly places: Int32Array;
  /** Per chunk: a kill touches it. */
  readonly killed: Uint8Array;
  readonly pages: { readonly client: Page; readonly server: Page };
}

/** The fragments that one audience gets, by combination. */
export interface Page {
  readonly fragments: (Fragment | null)[];
  /** How many characters may still be kept. */
  room: number;
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
    varying.push(flag, first, combinations);
    combinations *= results;
  }
  if (flags.length > 0) ends.push(varying.length);
  const size = place + combinations;
  const page = (): Page => ({ fragments: new Array<Fragment | null>(size).fill(null), room: KEPT_CHARACTERS });
  return {
    count: flags.length,
    of,
    flags: Int32Array.from([...flags, count]),
    varying: Int32Array.from(varying),
    ends: Int32Array.from(ends),
    places: Int32Array.from(places),
    killed: new Uint8Array(flags.length),
    pages: { client: page(), server: page() },
  };
}
