import type { RuleIndex } from "./rule-index.ts";
import type { Unit } from "./split.ts";

/*
 * Neighbouring flags whose results have few combinations form a chunk, and a chunk's bulk fragment is made once per
 * combination that occurs: a bulk answer joins chunks, not flags. Nothing about a subject is kept, only that these
 * results have stood side by side. A flag that serves everybody alike adds no combination and so costs nothing.
 */

export interface Chunks {
  readonly count: number;
  /** Per flag: its chunk. */
  readonly of: Int32Array;
  /** Per chunk: its first flag; one more at the end. */
  readonly flags: Int32Array;
  /** Flags with conditions, and splits of more than two. */
  readonly ruled: RuleIndex;
  /** Flags that are a split of two and nothing else, by what they bucket. */
  readonly twoWay: readonly TwoWaySplits[];
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
export interface TwoWaySplits {
  readonly unit: Unit;
  /** Records of HALF_LENGTH numbers. */
  readonly flags: Int32Array;
}

/** Where each number of a record in `TwoWaySplits.flags` stands. */
export const HALF_CHUNK = 0;
export const HALF_SEED = 1;
/** The first hash beyond the first half. */
export const HALF_END = 2;
/** What the first half adds to the place of the chunk; after it, what the second adds. */
export const HALF_ADDS = 3;
export const HALF_FLAG = 5;
/** What a result counts for in the place of the chunk. */
export const HALF_COUNTS = 6;
export const HALF_LENGTH = 7;

/** The fragments that one audience gets, by combination. See Fragment. */
export interface Page {
  readonly texts: (string | null)[];
  /** Records of PAGE_LENGTH numbers, beside each text. */
  readonly numbers: Int32Array;
  /** Characters that it keeps. */
  kept: number;
}

/** Where each number of a record in `Page.numbers` stands. */
export const PAGE_FACTOR = 0;
export const PAGE_HIGH = 1;
export const PAGE_LOW = 2;
export const PAGE_LENGTH = 3;
