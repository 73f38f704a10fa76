import type { Version } from "./version.ts";

/** An address as four 32-bit words, most significant first. IPv4 is held as IPv4-mapped IPv6 (::ffff:0:0/96). */
export type Address = readonly [number, number, number, number];

/** The least and the greatest of something. */
export interface Extent<T> {
  readonly least: T;
  readonly greatest: T;
}

export interface Versions extends Extent<Version> {
  /** As versionText says them: equal versions are equal texts. */
  readonly texts: ReadonlySet<string>;
}

/** Each in its order. */
export interface Addresses {
  readonly v4: readonly Address[];
  readonly v6: readonly Address[];
}

/** What tests ask of an array's elements; null: none is of the kind. An array in an array is no element. */
export interface Elements {
  /** Texts, numbers and booleans; NaN is none. */
  readonly scalars: ReadonlySet<unknown>;
  /** What `typeof` says of the scalars. */
  readonly kinds: ReadonlySet<string>;
  /** Scalars, texts in lower case. */
  readonly folded: ReadonlySet<unknown>;
  readonly texts: ReadonlySet<string>;
  /** Texts in the order of their code units. */
  readonly byBeginning: readonly string[];
  /** Texts in the order of their code units from the last to the first. */
  readonly byEnd: readonly string[];
  readonly numbers: Extent<number> | null;
  /** Milliseconds since 1970; numbers are instants too. */
  readonly instants: Extent<number> | null;
  readonly versions: Versions | null;
  readonly addresses: Addresses;
}
