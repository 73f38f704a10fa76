import { z } from "zod";
import { splitPublished } from "../../shared/blocks/block-patch.ts";
import { READER_VERSION } from "../../shared/limits.ts";
import { type Manifest, manifest as manifestSchema } from "../../shared/schema/manifest.ts";
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
  `${snapshotsPrefix(project, environment)}${revision}-${hash}`;

/** `blocks/{project}/{environment}/{sha256}`: a block's text under its own hash, written before a manifest names it. */
export const blockKey = (project: Slug, environment: Slug, hash: string): string =>
  `${blocksPrefix(project, environment)}${hash}`;

/** What the keys of an environment's snapshots, and of its blocks, begin with. */
export const snapshotsPrefix = (project: Slug, environment: Slug): string => `snapshots/${project}/${environment}/`;
export const blocksPrefix = (project: Slug, environment: Slug): string => `blocks/${project}/${environment}/`;

/** What a published value turned out to be: one whole snapshot, or the list of its blocks with what changed in them. */
export type Published =
  | { kind: "whole"; snapshot: Snapshot }
  | { kind: "blocks"; manifest: Manifest; head: string; patch: string | null };

export type Verified =
  | { ok: true; published: Published }
  | { ok: false; reason: "hash" | "json" | "reader" | "identity" | "form" };

/** Fields that a later version adds to a manifest do no harm: `minReader` says when they would. */
const readableManifest = z.object({
  ...manifestSchema.shape,
  // They become parts of keys.
  blocks: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
});

/**
 * Trusts nothing that came over a wire: the first line must have the hash that the pointer names, be meant for this
 * environment and be readable by this code. What fails is left out and the last known good stays in force. The patch
 * below it is unchecked: each block that it makes has a hash to be held against.
 */
export function verifyPublished(
  body: string,
  expected: { hash: string; project: string; environment: string; revision: number },
): Verified {
  const { head, patch } = splitPublished(body);
  if (sha256(head) !== expected.hash) return { ok: false, reason: "hash" };
  let parsed: Snapshot | Manifest;
  try {
    parsed = JSON.parse(head) as Snapshot | Manifest;
  } catch {
    return { ok: false, reason: "json" };
  }
  if (!(parsed.minReader <= READER_VERSION)) return { ok: false, reason: "reader" };
  const { project, environment, revision } = parsed;
  const same = project === expected.project && environment === expected.environment && revision === expected.revision;
  if (!same) return { ok: false, reason: "identity" };
  if (!("blocks" in parsed)) return { ok: true, published: { kind: "whole", snapshot: parsed } };
  const manifest = readableManifest.safeParse(parsed);
  if (!manifest.success) return { ok: false, reason: "form" };
  return { ok: true, published: { kind: "blocks", manifest: manifest.data, head, patch } };
}
