import type { Kill } from "../../schema/snapshot.ts";
import type { Outcome, OutcomeFlag } from "./outcome.ts";
import type { Split } from "./split.ts";

export interface CompiledFlag extends OutcomeFlag {
  /** Its place among the snapshot's flags in the order of keys. */
  readonly index: number;
  /** What everybody gets, where nothing about a subject can change it; null until first served or killed. */
  fixed: Outcome | null;
  /** Null when no kill touches it. */
  kills: FlagKills | null;
  /** By killed variant: what its people get instead; null when no variant is killed, or the whole flag is. */
  instead: ReadonlyMap<string, Outcome> | null;
  /** The split that everybody comes to first; null when the flag begins with anything else. */
  split: Split | null;
}

/** The kills of one flag that are in force. */
export interface FlagKills {
  /** Of the whole flag. */
  all: Kill | null;
  /** Of single variants. */
  readonly variants: Map<string, Kill>;
}

/** A kill that applies once the edge's knowledge is so old. */
export interface StaleKill {
  readonly afterSeconds: number;
  readonly kill: Kill;
}
