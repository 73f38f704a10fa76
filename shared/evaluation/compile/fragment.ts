import { murmur3 } from "../bucketing/bucket.ts";
import type { Fragment } from "../model/outcome.ts";

export const NOTHING: Fragment = { text: "", high: 0, low: 0, factor: 1 };

export const fragmentOf = (text: string): Fragment => ({
  text,
  high: murmur3(text, 1),
  low: murmur3(text, 2),
  factor: 0x5bd1e995,
});

export const joined = (one: Fragment, next: Fragment): Fragment => ({
  text: one.text + next.text,
  high: (Math.imul(one.high, next.factor) + next.high) | 0,
  low: (Math.imul(one.low, next.factor) + next.low) | 0,
  factor: Math.imul(one.factor, next.factor),
});
