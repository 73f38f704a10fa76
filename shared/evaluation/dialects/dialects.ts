import type { BucketTest, Reading } from "../../schema/bucket.ts";
import type { DialectSource } from "../model/dialects.ts";
import { SEARCH } from "../model/predicate.ts";
import { FALSE, TRUE } from "../model/truth.ts";
import { testValue } from "../operators/test-value.ts";
import { ALGORITHMS } from "./algorithms.ts";
import { READ_AS } from "./readings.ts";

/** What other vendors' conditions need: their algorithms and conversions. */
export const dialects: DialectSource = () => {
  const places = new Map<string, (value: unknown) => number>();
  return {
    bucket(test) {
      const { from, to, ...place } = test;
      const name = JSON.stringify(place);
      const at = places.get(name) ?? remembering(placeOf(test));
      places.set(name, at);
      return (value) => {
        const position = at(value);
        return position >= from && position < to ? TRUE : FALSE;
      };
    },
    converted(as, test) {
      const read = readingOf(as);
      if (test.op === SEARCH) return (value, budget, now) => test.operand(read(value, now), budget, now);
      return (value, _budget, now) => testValue(test, read(value, now));
    },
  };
};

/** Where an attribute stands. Throws for an algorithm that this version does not know. */
export function placeOf({ algorithm, seed, positions }: BucketTest): (value: unknown) => number {
  if (!Object.hasOwn(ALGORITHMS, algorithm)) throw new Error(`there is no algorithm "${algorithm}" in this version`);
  return ALGORITHMS[algorithm](seed, positions);
}

/** How an attribute is read. Throws for a reading that this version does not know. */
export function readingOf(as: Reading): (value: unknown, now: number) => unknown {
  if (!Object.hasOwn(READ_AS, as)) throw new Error(`there is no reading "${as}" in this version`);
  return READ_AS[as];
}

/** The arms of a split ask for the same person one after the other. */
function remembering(place: (value: unknown) => number): (value: unknown) => number {
  let last: unknown;
  let at = place(undefined);
  return (value) => {
    if (value !== last) {
      at = place(value);
      last = value;
    }
    return at;
  };
}
