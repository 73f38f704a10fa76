import type { Manifest } from "../../../shared/schema/manifest.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import type { ServedReport } from "../../../shared/schema/propagation.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import type { BreakGlassLane } from "../../kv/break-glass.ts";
import type { RelayedPointer } from "../../objects/relay/methods.ts";

/** Everything an edge reaches outside its memory. Tests put staleness, nulls, errors and hangs behind it. */
export interface EdgeSources {
  /** Knowledge ages so many times more slowly: 1, and more where asking the store is dear. */
  readonly pace: number;
  /** Epoch milliseconds. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  wait(ms: number): Promise<void>;
  /** The data centre's copy, at most a second old. */
  cachedPointer(project: Slug): Promise<Pointer | null>;
  keepPointer(pointer: Pointer): Promise<void>;
  /** Since when (epoch ms) an isolate of this data centre claims to be asking the store. */
  claimedAt(project: Slug): Promise<number | null>;
  claim(project: Slug): Promise<void>;
  /** Keeps something in the data centre's cache and looks for it again, as long and as patiently as for a pointer. */
  tryCache(): Promise<boolean>;
  /** Whether a relay stands in this region. */
  hasRelay(): boolean;
  /** Its copy; null: it has nothing that is young enough. */
  relayPointer(project: Slug): Promise<RelayedPointer | null>;
  /** Null: there is no such project. Throws when the store cannot be reached. */
  storePointer(project: Slug): Promise<Pointer | null>;
  /** Whether nobody in this data centre has reported this version yet; from now on somebody has. */
  claimReport(project: Slug, environment: string, version: string): Promise<boolean>;
  sendReport(project: Slug, report: ServedReport): Promise<void>;
  /** The data centre this isolate runs in; null until a request has told it. */
  colo(): string | null;
  /** A published value or a block, by its key in KV. */
  kvSnapshot(key: string): Promise<string | null>;
  storeSnapshot(project: Slug, environment: Slug, hash: string): Promise<string | null>;
  storeBlock(project: Slug, environment: Slug, hash: string): Promise<string | null>;
  /** Kills written straight to KV; `urgent` while the store cannot be reached. */
  breakGlass(project: Slug, urgent: boolean): Promise<BreakGlassLane>;
  /** The copy that outlives isolates, for starts without store and KV: whole, or the manifest of its blocks. */
  lastSnapshot(project: Slug, environment: Slug): Promise<Snapshot | Manifest | null>;
  keepLastSnapshot(project: Slug, environment: Slug, body: string): Promise<void>;
  lastBlock(project: Slug, environment: Slug, hash: string): Promise<string | null>;
  keepLastBlock(project: Slug, environment: Slug, hash: string, text: string): Promise<void>;
  /** The names of all projects, from the data centre's copy or the directory. */
  projectNames(): Promise<readonly string[]>;
  report(event: { event: string } & Record<string, string | number>): void;
}

/** A look into the data centre's cache takes a few ms; one that takes longer than this counts as a miss. */
export const CACHE_PATIENCE_MS = 100;
/** A relay is in the same region; one that takes longer than this (ms), or fails, is left alone for a while (ms). */
export const RELAY_PATIENCE_MS = 75;
export const RELAY_REST_MS = 10_000;
/**
 * KV has this long (ms) before the store is asked as well: a cold request waits for two seconds in all, and KV takes
 * longer where nobody has read a key before. What the store admits of these reads is bounded (`SNAPSHOT_READS_PER_S`);
 * an edge that is turned away goes on waiting for KV.
 */
export const KV_PATIENCE_MS = 400;

/** What does not answer in time, or fails, has nothing to say: null. */
export const patiently = <T>(sources: Pick<EdgeSources, "wait">, ms: number, work: Promise<T>): Promise<T | null> =>
  Promise.race([work.catch(() => null), sources.wait(ms).then(() => null)]);
