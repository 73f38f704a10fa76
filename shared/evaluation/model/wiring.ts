import type { Visibility } from "../../schema/flag.ts";
import type { Snapshot } from "../../schema/snapshot.ts";
import type { Predicate } from "./predicate.ts";
import type { Searches } from "./search.ts";

export type Layer = Snapshot["layers"][string];
export type Holdout = Snapshot["holdouts"][string];

/** What a part has to do with others. */
export interface Wiring {
  readonly layers: ReadonlyMap<string, Layer>;
  readonly holdouts: ReadonlyMap<string, Holdout>;
  /** Layers and holdouts as its flags were compiled with them, by their entries' names. */
  readonly gates: ReadonlyMap<string, string | undefined>;
  /** Slots of the flags and segments that it refers to, by their entries' names. */
  readonly slots: ReadonlyMap<string, number>;
  /** Flags and segments that refer to others. */
  readonly nodes: readonly WiredNode[];
  /** All of `nodes`, to be compared. */
  readonly text: string;
  /** Predicates that other parts made. */
  readonly borrowed: readonly Predicate[];
  /** Null: none. */
  readonly searches: Searches | null;
  readonly stale: readonly StaleFlag[];
  readonly readsEdge: boolean;
  readonly expires: boolean;
  /** Some condition can come out blocked. */
  readonly canBlock: boolean;
}

/** A flag or segment and what it refers to, all by their entries' names. */
export interface WiredNode {
  readonly name: string;
  /** Null: a segment. */
  readonly visibility: Visibility | null;
  /** Of its kind; flags also with paused rules: they may return. */
  readonly dependencies: readonly string[];
  /** What its conditions ask, in their order. */
  readonly asks: readonly string[];
}

/** A flag with `onStale: killVariant`. */
export interface StaleFlag {
  readonly flag: string;
  readonly afterSeconds: number;
  readonly serve: string | null;
}
