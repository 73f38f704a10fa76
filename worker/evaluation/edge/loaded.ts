import type { CompiledSnapshot } from "../../../shared/evaluation/compile/compile.ts";
import type { SnapshotTest } from "../../../shared/schema/demand-test.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { Kill } from "../../../shared/schema/snapshot.ts";
import type { BearerKeys } from "./bearer-keys.ts";
import type { Facts } from "./facts.ts";
import type { HeldBlock } from "./held-block.ts";
import type { ObservedFlags } from "./observed-flags.ts";

/** One environment in this isolate's memory, ready to answer. */
export interface Loaded {
  readonly project: Slug;
  readonly environment: Slug;
  readonly compiled: CompiledSnapshot;
  readonly keys: BearerKeys;
  /** What is observed here, for events. */
  readonly observed: ObservedFlags;
  readonly revision: number;
  readonly epoch: number;
  readonly hash: string;
  /** Seals stream tokens. */
  readonly sealKey: string | undefined;
  /** Keys whose signatures of contexts count, by id; their secrets are derived when first needed. */
  readonly signingKeys: Map<string, string | undefined>;
  /** By flag. */
  readonly tests: ReadonlyMap<string, SnapshotTest>;
  /** What it was compiled from; none when it came whole. */
  readonly blocks: readonly HeldBlock[];
  /** What it takes of memory, about. */
  readonly bytes: number;
  /** What `keys` and `observed` were made of, so that a version with the same goes on with them. */
  readonly keysText: string;
  readonly observing: readonly Facts[];
  /** Its first line, until the data centre's cache has a copy of it all. */
  uncopied: string | null;
  /** From pointer and snapshot; break-glass and staleness come on top. */
  kills: readonly Kill[];
  /** Counts up whenever the kills applied to `compiled` change: with `hash`, tells streams that something happened. */
  killsChanged: number;
  /** Ids of the kills that `compiled` was given last; null: it has to be given them anew. */
  applied: string | null;
}

/** What is known of an environment; see `Edge.current`. */
export type Known = Loaded | "missing" | "unreachable";

export interface CurrentOptions {
  /** Refresh first when what is known is older than this (ms). */
  readonly maxAgeMs?: number;
  /** Nobody has made the names up: a key's checksum, or the right to administer, stands for them. */
  readonly vouched?: boolean;
}
