import { LIMITS } from "../../../shared/limits.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import type { Rejection } from "../../result.ts";
import type { Change } from "./entities.ts";

/** What a document adds to a snapshot beyond its own JSON, at most and about: its key, and names of fields. */
const EXTRA_BYTES_PER_DOCUMENT = 200;

/** Where the sizes come from; the documents as they would stand after the change. */
export interface SnapshotSizes {
  /** Bytes and number of the documents that an environment's snapshot is made of. */
  sources(environment: string): { bytes: number; documents: number };
  build(environment: string): Snapshot;
}

/**
 * Refuses a change that makes a snapshot larger than an edge can hold, with the size it would have. Only the sum of
 * the documents is looked at until that comes near the limit: building a snapshot costs too much to do it twice for
 * every write. What makes nothing larger is never refused, so whoever is at the limit can still take away.
 */
export function snapshotTooLarge(
  environments: readonly string[],
  changes: readonly Change[],
  sizes: SnapshotSizes,
): Rejection | null {
  if (growth(changes) <= 0) return null;
  const max = LIMITS.snapshotBytes;
  for (const environment of environments) {
    const { bytes, documents } = sizes.sources(environment);
    if (bytes + documents * EXTRA_BYTES_PER_DOCUMENT <= max) continue;
    const actual = new TextEncoder().encode(JSON.stringify(sizes.build(environment))).length;
    if (actual > max) return { code: "limit-exceeded", limit: "snapshotBytes", max, actual };
  }
  return null;
}

/** Kills aside: nothing may ever stand in their way. */
function growth(changes: readonly Change[]): number {
  const size = (body: unknown): number => (body === null ? 0 : JSON.stringify(body).length);
  return changes
    .filter(({ entity }) => entity !== "kill" && entity !== "tombstone")
    .reduce((sum, { before, after }) => sum + size(after) - size(before), 0);
}
