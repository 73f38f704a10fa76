import { READER_VERSION } from "../../shared/limits.ts";
import type { Slug } from "../../shared/schema/names.ts";
import type { Snapshot } from "../../shared/schema/snapshot.ts";
import { sha256 } from "../crypto/sha256.ts";

/** Immutable values by key. Workers KV in production; tests put faults behind the same interface. */
export interface SnapshotStore {
  get(key: string): Promise<string | null>;
  put(key: string, body: string): Promise<void>;
  delete(key: string): Promise<void>;
}

/** How long KV may keep a snapshot at an edge (s). Keys are immutable, so as long as is useful. */
const CACHE_TTL_S = 3_600;

export const kvSnapshotStore = (namespace: KVNamespace): SnapshotStore => ({
  get: (key) => namespace.get(key, { type: "text", cacheTtl: CACHE_TTL_S }),
  put: (key, body) => namespace.put(key, body),
  delete: (key) => namespace.delete(key),
});

/** `snapshots/{project}/{environment}/{revision}-{sha256}`: never written twice with different content. */
export const snapshotKey = (project: Slug, environment: Slug, revision: number, hash: string): string =>
  `snapshots/${project}/${environment}/${revision}-${hash}`;

/** The environment in such a key: names hold no slash. */
export const environmentOf = (kvKey: string): string | undefined => kvKey.split("/")[2];

export type Verified =
  | { ok: true; snapshot: Snapshot }
  | { ok: false; reason: "hash" | "json" | "reader" | "identity" };

/**
 * Trusts nothing that came over a wire: the bytes must have the hash that the pointer names, be meant for this
 * environment and be readable by this code. What fails is left out and the last known good stays in force.
 */
export function verifySnapshot(
  body: string,
  expected: { hash: string; project: string; environment: string; revision: number },
): Verified {
  if (sha256(body) !== expected.hash) return { ok: false, reason: "hash" };
  let snapshot: Snapshot;
  try {
    snapshot = JSON.parse(body) as Snapshot;
  } catch {
    return { ok: false, reason: "json" };
  }
  if (!(snapshot.minReader <= READER_VERSION)) return { ok: false, reason: "reader" };
  const { project, environment, revision } = snapshot;
  const same = project === expected.project && environment === expected.environment && revision === expected.revision;
  return same ? { ok: true, snapshot } : { ok: false, reason: "identity" };
}
