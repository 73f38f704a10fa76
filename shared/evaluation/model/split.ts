import type { AttributePath } from "./attribute-path.ts";

/** An attribute that buckets, and what was last found there. */
export interface Unit {
  readonly path: AttributePath;
  /** The subject it was found for, which has the attribute. */
  stamp: number;
  /** Its hash; see bucket.unitHash. */
  hash: number;
}

/** Divides subjects by the bucket of a unit. */
export interface Split {
  readonly unit: Unit;
  readonly seed: number;
  readonly arms: Arms;
}

/** The ranges of a split as a search tree: hashes before `end` belong to `lower`, the others to `upper`. A number is a result. */
export type Arms = number | { readonly end: number; readonly lower: Arms; readonly upper: Arms };

/** A share of a unit's buckets: [from, to), in hashes. */
export interface Share {
  readonly unit: Unit;
  readonly seed: number;
  readonly from: number;
  /** Null: all buckets from there on. */
  readonly to: number | null;
}
