import type { AttributeTest } from "../../schema/condition.ts";

/** Tests of one value by one value that explaining one context may take beyond one for each value of the rules. */
export const EXPLAIN_EFFORT = 500_000;
/** Characters of a text that are looked through in the time of one short test. */
const CHARS_A_TEST = 256;
/** The context and the rules together take more than an explanation may. */
export class TooMuchToExplain extends Error {}

/**
 * Bounds the slow interpreter, which tries each element of an array with each value of each condition, and shows a
 * segment's conditions wherever the segment is mentioned. A context of short, single values costs nothing but those
 * repetitions: the rest is bounded by the size of the rules.
 */
export class Effort {
  #left: number;
  /** Conditions and values that the explanation holds so far. */
  size = 0;
  /** Tests so far, for callers that let others run after so many. */
  done = 0;

  constructor(most: number) {
    this.#left = most;
  }

  /** Counts one attribute test. */
  test({ values = [] }: AttributeTest, actual: unknown): void {
    const tries = Math.max(1, values.length);
    this.size += 1 + values.length;
    this.done += tries;
    this.#take((sizeOf(actual) - 1) * tries);
  }

  /** Counts what is shown again and holds so many conditions and values. */
  again(size: number): void {
    this.size += size;
    this.#take(size);
  }

  #take(tests: number): void {
    this.done += tests;
    this.#left -= tests;
    if (this.#left < 0) throw new TooMuchToExplain();
  }
}

/** In short texts: one for what is short and single. */
function sizeOf(actual: unknown): number {
  if (typeof actual === "string") return Math.max(1, actual.length / CHARS_A_TEST);
  if (!Array.isArray(actual)) return 1;
  let size = 0;
  for (const element of actual) size += typeof element === "string" ? Math.max(1, element.length / CHARS_A_TEST) : 1;
  return Math.max(1, size);
}
