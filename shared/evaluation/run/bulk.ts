import { below, bucketHash } from "../bucketing/bucket.ts";
import { joined, NOTHING } from "../compile/fragment.ts";
import {
  HALF_ADDS,
  HALF_CHUNK,
  HALF_COUNTS,
  HALF_END,
  HALF_FLAG,
  HALF_LENGTH,
  HALF_SEED,
  PAGE_FACTOR,
  PAGE_HIGH,
  PAGE_LENGTH,
  PAGE_LOW,
} from "../model/chunks.ts";
import type { CompiledFlag, Part } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { Fragment } from "../model/outcome.ts";
import { MEMO_BITS, MEMO_TRUTH, type Predicate } from "../model/predicate.ts";
import {
  type Group,
  type Lookup,
  MARK_BITS,
  MARK_BLOCKED,
  RULED_CHUNK,
  RULED_COUNTED,
  RULED_COUNTS,
  RULED_FLAG,
  RULED_LENGTH,
  type RuleIndex,
  USE_FLAG,
  USE_LENGTH,
  USE_MARK,
  WHOLE,
} from "../model/rule-index.ts";
import type { Split, Unit } from "../model/split.ts";
import { BLOCKED, TRUE, type Truth } from "../model/truth.ts";
import { attributeOf, outcomeOf, resultOf, truthOf } from "./execute.ts";
import { keep, pageOf } from "./page.ts";
import { armOf, hasUnit } from "./split.ts";
import { type Audience, forSnapshot, type Subject } from "./subject.ts";

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
  const own = forSnapshot(compiled, subject);
  let flags = "";
  let high = 0x2545f491;
  let low = 0x6c078965;
  for (const part of compiled.parts) {
    const { chunks } = part;
    chunks.pages[audience] ??= pageOf(chunks);
    const page = chunks.pages[audience];
    const { texts, numbers } = page;
    const { count, found, killed } = chunks;
    findPlaces(part, own);
    for (let chunk = 0; chunk < count; chunk++) {
      const place = found[chunk] as number;
      let text = texts[place] as string | null;
      if (text === null || killed[chunk] === 1) {
        const fragment = putTogether(part, own, audience, chunk);
        if (killed[chunk] === 0) keep(compiled, audience, page, place, fragment);
        text = fragment.text;
        high = (Math.imul(high, fragment.factor) + fragment.high) | 0;
        low = (Math.imul(low, fragment.factor) + fragment.low) | 0;
      } else {
        const at = place * PAGE_LENGTH;
        const factor = numbers[at + PAGE_FACTOR] as number;
        high = (Math.imul(high, factor) + (numbers[at + PAGE_HIGH] as number)) | 0;
        low = (Math.imul(low, factor) + (numbers[at + PAGE_LOW] as number)) | 0;
      }
      flags = flags.length === 0 ? text.slice(1) : flags + text;
    }
  }
  return { flags, etag: hex(high, low) };
}

/** Where each chunk's combination of results stands, kills aside. */
function findPlaces(part: Part, subject: Subject): void {
  const { found, places, twoWay, ruled } = part.chunks;
  found.set(places);
  for (const { unit, flags } of twoWay) addHalves(part, flags, unit, subject);
  addRuled(part, markClauses(ruled, subject), subject);
}

/** No call inside the loop, and no branch on a hash: a few nanoseconds a flag. */
function addHalves({ flags: all, firsts, chunks }: Part, flags: Int32Array, unit: Unit, subject: Subject): void {
  const { found } = chunks;
  if (!hasUnit(unit, subject)) {
    for (let at = 0; at < flags.length; at += HALF_LENGTH) {
      const flag = flags[at + HALF_FLAG] as number;
      const result = resultOf(all[flag] as CompiledFlag, subject) - (firsts[flag] as number);
      found[flags[at + HALF_CHUNK] as number]! += result * (flags[at + HALF_COUNTS] as number);
    }
    return;
  }
  const { hash } = unit;
  for (let at = 0; at < flags.length; at += HALF_LENGTH) {
    const second = 1 - below(bucketHash(flags[at + HALF_SEED] as number, hash), flags[at + HALF_END] as number);
    found[flags[at + HALF_CHUNK] as number]! += flags[at + HALF_ADDS + second] as number;
  }
}

/** Marks of each flag the first clause whose condition holds or is blocked; how many flags are touched. */
function markClauses(index: RuleIndex, subject: Subject): number {
  const { groups, lookups, marks, otherwise, always } = index;
  marks.set(otherwise);
  let count = always;
  for (let at = 0; at < lookups.length; at++) count = markFound(index, lookups[at] as Lookup, subject, count);
  for (let at = 0; at < groups.length; at++) {
    const group = groups[at] as Group;
    if (group.guard === null || mayHold(knownTruth(group.guard, subject)))
      count = markGroup(index, group, subject, count);
  }
  return count;
}

/** `truthOf`, which is called only where the truth is not known from another part or flag. */
function knownTruth(predicate: Predicate, subject: Subject): Truth {
  const { memo } = predicate;
  return memo >> MEMO_BITS === subject.stamp ? ((memo & MEMO_TRUTH) as Truth) : truthOf(predicate, subject);
}

function markFound(index: RuleIndex, lookup: Lookup, subject: Subject, touched: number): number {
  const { path, lengths, byText, several, groups } = lookup;
  const value = attributeOf(path, subject);
  let count = touched;
  if (typeof value === "string") {
    for (const length of lengths) {
      if (value.length < length) continue;
      const place = byText.get(length === WHOLE ? value : value.slice(-length));
      if (place === undefined) continue;
      if (place >= 0) count = markGroup(index, groups[place] as Group, subject, count);
      else for (const one of several[~place] ?? []) count = markGroup(index, groups[one] as Group, subject, count);
    }
  } else if (Array.isArray(value)) {
    for (const group of groups)
      if (truthOf(group.guard as Predicate, subject) === TRUE) count = markGroup(index, group, subject, count);
  }
  return count;
}

/** Its guard may hold. */
function markGroup(index: RuleIndex, { start, end }: Group, subject: Subject, touched: number): number {
  const { conditions, starts, uses, otherwise, marks, always } = index;
  let count = touched;
  for (let at = start; at < end; at++) {
    const truth = knownTruth(conditions[at] as Predicate, subject);
    if (!mayHold(truth)) continue;
    const blocked = truth === BLOCKED ? MARK_BLOCKED : 0;
    const last = starts[at + 1] as number;
    for (let use = starts[at] as number; use < last; use += USE_LENGTH) {
      const flag = uses[use + USE_FLAG] as number;
      const mark = (uses[use + USE_MARK] as number) | blocked;
      const before = marks[flag] as number;
      if (mark >= before) continue;
      marks[flag] = mark;
      if (flag >= always && before === otherwise[flag]) index.touched[count++] = flag;
    }
  }
  return count;
}

/** Blocked clauses count as well: nothing after them is asked. */
const mayHold = (truth: Truth): boolean => truth === TRUE || truth === BLOCKED;

function addRuled({ flags: all, chunks }: Part, count: number, subject: Subject): void {
  const { found } = chunks;
  const { marks, touched, splitOf, adds, splits, flags } = chunks.ruled;
  for (let index = 0; index < count; index++) {
    const place = touched[index] as number;
    const mark = marks[place] as number;
    const at = place * RULED_LENGTH;
    let add = adds[mark >> MARK_BITS] as number;
    const blocked = (mark & MARK_BLOCKED) !== 0;
    const split = splitOf[mark >> MARK_BITS] as number;
    if (blocked || split >= 0) {
      const arms = splits[split] as Split;
      const result =
        !blocked && hasUnit(arms.unit, subject)
          ? armOf(arms)
          : resultOf(all[flags[at + RULED_FLAG] as number] as CompiledFlag, subject);
      add = (result - (flags[at + RULED_COUNTED] as number)) * (flags[at + RULED_COUNTS] as number);
    }
    found[flags[at + RULED_CHUNK] as number]! += add;
  }
}

function putTogether({ flags, chunks }: Part, subject: Subject, audience: Audience, chunk: number): Fragment {
  const end = chunks.flags[chunk + 1] as number;
  let fragment = NOTHING;
  for (let index = chunks.flags[chunk] as number; index < end; index++)
    fragment = joined(fragment, outcomeOf(flags[index] as CompiledFlag, subject)[audience]);
  return fragment;
}

/** 16 hex digits. In one call: Number's toString would cost as much as ten flags. */
function hex(high: number, low: number): string {
  return String.fromCharCode(
    digit(high >>> 28),
    digit(high >>> 24),
    digit(high >>> 20),
    digit(high >>> 16),
    digit(high >>> 12),
    digit(high >>> 8),
    digit(high >>> 4),
    digit(high),
    digit(low >>> 28),
    digit(low >>> 24),
    digit(low >>> 20),
    digit(low >>> 16),
    digit(low >>> 12),
    digit(low >>> 8),
    digit(low >>> 4),
    digit(low),
  );
}

/** The character code of the lowest four bits: "0" is 48, "a" 87 + 10. */
const digit = (word: number): number => ((word & 15) < 10 ? 48 : 87) + (word & 15);
