import { type Chunks, PAGE_LENGTH, type Page } from "../model/chunks.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { Fragment } from "../model/outcome.ts";
import type { Audience } from "./subject.ts";

export function pageOf({ size }: Chunks): Page {
  return {
    texts: new Array<string | null>(size).fill(null),
    numbers: new Int32Array(size * PAGE_LENGTH),
    kept: 0,
  };
}

/** Keeps the fragment of a combination, if there is room. */
export function keep(
  { room }: CompiledSnapshot,
  audience: Audience,
  page: Page,
  place: number,
  { text, high, low, factor }: Fragment,
): void {
  if (room[audience] < text.length) return;
  room[audience] -= text.length;
  page.kept += text.length;
  // Put together it is a rope; reading a character makes it flat, once for all answers that it will stand in.
  text.charCodeAt(0);
  page.texts[place] = text;
  // In the order of PAGE_FACTOR, PAGE_HIGH, PAGE_LOW.
  page.numbers.set([factor, high, low], place * PAGE_LENGTH);
}
