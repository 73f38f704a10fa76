import type { CompiledSnapshot } from "../../../shared/evaluation/compile/compile.ts";
import type { SnapshotTest } from "../../../shared/schema/demand-test.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { Kill } from "../../../shared/schema/snapshot.ts";
import type { BearerKeys } from "./bearer-keys.ts";
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
  /** From pointer and snapshot; break-glass and staleness come on top. */
  kills: readonly Kill[];
  /** Counts up whenever the kills applied to `compiled` change: with `hash`, tells streams that something happened. */
  killsChanged: number;
  applied: string;
}

/** What is known of an environment; see `Edge.current`. */
export type Known = Loaded | "missing" | "unreachable";

export interface CurrentOptions {
  /** Refresh first when what is known is older than this (ms). */
  readonly maxAgeMs?: number;
  /** Nobody has made the names up: a key's checksum, or the right to administer, stands for them. */
  readonly vouched?: boolean;
}
