import type { Region } from "../../../shared/placement/regions.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";

/** A pointer as a relay holds it. */
export interface RelayedPointer {
  readonly pointer: Pointer;
  /** How old (ms) it was when the relay answered, at most: by the relay's own clock, from the moment it was asked for. */
  readonly ageMs: number;
}

/** What a relay says of itself when it asks the store. */
export interface RelayAsk {
  readonly region: Region;
  /** Whether sockets hang on it, so that it has to hear of changes also when no edge asks. */
  readonly follows: boolean;
}

/** What the store sends its relays: each second while edges ask them, and with every change. */
export interface Signal {
  /** Names what the pointer says; see `markOf`. */
  readonly mark: string;
  /** When the store said so (epoch ms). */
  readonly asOf: number;
  /** The pointer itself, for a relay that does not hold what the mark names. */
  readonly pointer?: Pointer;
}

export interface SignalReceipt {
  /** The mark of what the relay holds; null: nothing. */
  readonly holds: string | null;
  /** Whether edges have asked lately, so that it is to be kept fresh. */
  readonly wanted: boolean;
  readonly follows: boolean;
}

/** What a Worker and a store may ask of a relay, over JSON. A method stays, and takes and answers what it did. */
export interface RelayMethods {
  /** Null: the relay has nothing that is young enough. The caller asks the store itself, and so does the relay. */
  pointer(project: string, region: Region): RelayedPointer | null;
  take(signal: Signal): SignalReceipt;
}
