import { type Chunks, PAGE_LENGTH, type Page } from "../model/chunks.ts";
import type { Fragment } from "../model/outcome.ts";

/** Characters that one page keeps; beyond, chunks are put together anew each time. */
const KEPT_CHARACTERS = 8 * 1024 * 1024;

export function pageOf({ size }: Chunks): Page {
  return {
    texts: new Array<string | null>(size).fill(null),
    numbers: new Int32Array(size * PAGE_LENGTH),
    room: KEPT_CHARACTERS,
  };
}

/** Keeps the fragment of a combination, if there is room. */
export function keep(page: Page, place: number, { text, high, low, factor }: Fragment): void {
  if (page.room < text.length) return;
  page.room -= text.length;
  // Put together it is a rope; reading a character makes it flat, once for all answers that it will stand in.
  text.charCodeAt(0);
  page.texts[place] = text;
  // In the order of PAGE_FACTOR, PAGE_HIGH, PAGE_LOW.
  page.numbers.set([factor, high, low], place * PAGE_LENGTH);
}
