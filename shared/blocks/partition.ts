import type { Entry } from "./block.ts";

/** Entries of one block at most: what an edge compiles in one go, a few milliseconds. */
export const BLOCK_ENTRIES = 256;
/** Characters of one block at most, unless a single entry is longer. */
export const BLOCK_CHARS = 256 * 1024;
/** Up to so many characters a snapshot is published whole: one value, which every reader understands. */
export const WHOLE_CHARS = 16 * 1024;

const charsOf = ([name, json]: Entry): number => name.length + json.length + 2;

/** Characters of the block that these entries make. */
export const blockChars = (entries: readonly Entry[]): number =>
  entries.reduce((sum, entry) => sum + charsOf(entry), 0);

/** Whether these entries fit in one block. */
export const fits = (entries: readonly Entry[]): boolean =>
  !overflows({ entries: entries.length, chars: blockChars(entries) });

/** How much a block holds. */
export interface BlockSize {
  readonly entries: number;
  readonly chars: number;
}

/** Whether a block of this size is one that `cut` would cut. */
export const overflows = ({ entries, chars }: BlockSize): boolean =>
  entries > 1 && (entries > BLOCK_ENTRIES || chars > BLOCK_CHARS);

/** Whether a block is so small that it should join a neighbour, if both fit with room to grow. */
export const isSparse = ({ entries, chars }: BlockSize): boolean =>
  entries < BLOCK_ENTRIES / 4 && chars < BLOCK_CHARS / 4;

/** Whether two blocks fit in one, with room for a quarter more. */
export const joinWell = (one: BlockSize, other: BlockSize): boolean =>
  one.entries + other.entries <= BLOCK_ENTRIES * 0.75 && one.chars + other.chars <= BLOCK_CHARS * 0.75;

/**
 * Cuts a run of entries into blocks of about equal size, half full or more, so that a few more entries do not cut them
 * again. Entries keep their order. No entries: no block.
 */
export function cut(entries: readonly Entry[]): Entry[][] {
  if (entries.length === 0) return [];
  if (fits(entries)) return [[...entries]];
  const half = blockChars(entries) / 2;
  let at = 0;
  // The middle by characters, but at least one entry on each side, and neither side far longer by number.
  for (let chars = 0; at < entries.length - 1 && chars < half; at++) chars += charsOf(entries[at] as Entry);
  const middle = entries.length >> 1;
  const spread = entries.length >> 2;
  at = Math.max(1, Math.min(entries.length - 1, Math.max(middle - spread, Math.min(middle + spread, at))));
  return [...cut(entries.slice(0, at)), ...cut(entries.slice(at))];
}
