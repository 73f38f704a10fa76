import type { KeyName, Slug } from "../../shared/schema/names.ts";

/** `lists/{project}/{segment}/{version}/{shard}`: never written twice with different content. */
export const listShardKey = (project: Slug, segment: KeyName, version: string, shard: number): string =>
  `${LIST_PREFIX}${project}/${segment}/${version}/${shard}`;

export const LIST_PREFIX = "lists/";
/** How long KV may keep a shard at an edge (s). Keys are immutable, so as long as is useful. */
const CACHE_TTL_S = 3_600;

export const readListShard = (namespace: KVNamespace, key: string): Promise<ArrayBuffer | null> =>
  namespace.get(key, { type: "arrayBuffer", cacheTtl: CACHE_TTL_S });
