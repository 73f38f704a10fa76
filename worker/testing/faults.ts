/**
 * Faults behind the bindings' own interfaces of a running Worker. Each is counted when it fires, so that a test can
 * prove that it did.
 */
export interface Faults {
  /**
   * Reads of snapshots and of the break-glass document. "foreign": another value's bytes. "stale": as things stood when
   * the fault began, as KV may for a minute; what was not there is still not there (negative caching).
   */
  kvRead?: "null" | "corrupt" | "truncated" | "foreign" | "hang" | "error-500" | "error-429" | "stale";
  /** "evict": the store that writes is thrown out of memory in the middle of it. */
  kvWrite?: "hang" | "error-500" | "error-429" | "evict";
  /** The store as this isolate reaches it. "lost-reply": carried out, and the answer is lost. */
  store?: "throw" | "hang" | "overloaded" | "status-500" | "lost-reply";
  /** The relay of this region as this isolate reaches it; a store out of reach takes it along. */
  relay?: "throw" | "hang" | "overloaded" | "stale";
  /** Snapshots as a later version of the code may write them: whole, named by the pointer, and not for this reader. */
  snapshots?: "newer-reader";
  /** This isolate's clock. */
  clock?: "hour-fast" | "hour-slow" | "frozen";
  /** Added to every call of the store (ms): the way there and back. */
  storeMs?: number;
  cache?: "miss" | "hang" | "throw";
}

/** What one isolate answers when it is asked for its faults. */
export interface FaultsSeen {
  faults: Faults;
  /** How often each fault fired, as "kvRead:null". */
  fired: Record<string, number>;
  /** Calls of the store, by method. */
  storeCalls: Record<string, number>;
  /** Questions that the relay answered with a pointer, and others. */
  relayCalls: { answered: number; other: number };
  openStreams: number;
}
