/**
 * A named algorithm: where someone stands among all. NaN: nowhere.
 *
 * @param seed what it mixes with the attribute; parts that are not given are empty
 * @param positions how many positions there are, where it counts them
 */
export type Algorithm = (seed: readonly string[], positions: number | undefined) => (value: unknown) => number;

/** A text or a number as people write it; null for anything else and for an empty text. */
export function textOf(value: unknown): string | null {
  if (typeof value === "string") return value === "" ? null : value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}

/** The algorithm of a hash of texts, for those who have a text. */
export const ofText =
  (position: (text: string, seed: readonly string[], positions: number | undefined) => number): Algorithm =>
  (seed, positions) =>
  (value) => {
    const text = textOf(value);
    return text === null ? Number.NaN : position(text, seed, positions);
  };

/** The first 60 bits of a digest, of which its first two words are given, as a fraction of 2^60. */
export const fractionOf = ([first, second]: readonly [number, number]): number =>
  (first * 2 ** 28 + (second >>> 4)) / 2 ** 60;
