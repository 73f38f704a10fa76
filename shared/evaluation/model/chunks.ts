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
