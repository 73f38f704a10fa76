/** What a list would consist of: worked out by the store beforehand, from an upload or from what stands there. */
export interface ListDraft {
  /** What its hash key is derived with; kept as long as the list lives. */
  salt: string;
  /** Names shards that change. */
  version: string;
  /** Keys per shard. */
  sizes: readonly number[];
  /** Shards whose content differs from what stands there. */
  changed: ReadonlySet<number>;
}
