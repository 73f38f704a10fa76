import type { Page } from "./chunks.ts";
import type { CompiledFlag, CompiledSnapshot } from "./compile.ts";
import { type Audience, belonging, outcomeOf, resultOf, type Subject } from "./evaluate.ts";
import { type Fragment, joined, NOTHING } from "./outcome.ts";

/**
 * All flags that the audience may see, in the order of their keys.
 *
 * @returns `flags`: OFREP evaluation results joined by commas, without brackets; `etag`: 16 hex digits that
 * depend on those bytes alone, unquoted
 */
export function evaluateAll(
  compiled: CompiledSnapshot,
  subject: Subject,
  audience: Audience,
): { flags: string; etag: string } {
  const own = belonging(compiled, subject);
  const { count, varying, ends, places, killed, pages } = compiled.chunks;
  const page = pages[audience];
  const { fragments } = page;
  let flags = "";
  let high = 0x2545f491;
  let low = 0x6c078965;
  let at = 0;
  for (let chunk = 0; chunk < count; chunk++) {
    const end = ends[chunk] as number;
    let fragment: Fragment | null;
    if (killed[chunk] === 1) {
      fragment = putTogether(compiled, own, audience, chunk);
      at = end;
    } else {
      let place = places[chunk] as number;
      for (; at < end; at += 3) {
        const result = resultOf(varying[at] as number, own) - (varying[at + 1] as number);
        place += result * (varying[at + 2] as number);
      }
      fragment = fragments[place] as Fragment | null;
      if (fragment === null) {
        fragment = putTogether(compiled, own, audience, chunk);
        keep(page, place, fragment);
      }
    }
    flags = flags === "" ? fragment.text.slice(1) : flags + fragment.text;
    high = (Math.imul(high, fragment.highFactor) + fragment.high) | 0;
    low = (Math.imul(low, fragment.lowFactor) + fragment.low) | 0;
  }
  return { flags, etag: hex(high) + hex(low) };
}

function putTogether(compiled: CompiledSnapshot, subject: Subject, audience: Audience, chunk: number): Fragment {
  const { flags } = compiled.chunks;
  const end = flags[chunk + 1] as number;
  let fragment = NOTHING;
  for (let index = flags[chunk] as number; index < end; index++)
    fragment = joined(fragment, outcomeOf(compiled.ordered[index] as CompiledFlag, subject)[audience]);
  return fragment;
}

function keep(page: Page, place: number, fragment: Fragment): void {
  if (page.room < fragment.text.length) return;
  page.room -= fragment.text.length;
  // Put together it is a rope; reading a character makes it flat, once for all answers that it will stand in.
  fragment.text.charCodeAt(0);
  page.fragments[place] = fragment;
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
