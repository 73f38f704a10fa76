import { LIMITS } from "../../shared/limits.ts";
import type { KeyKind, SnapshotKey } from "../../shared/schema/snapshot.ts";
import { sha256 } from "../kv/snapshot-store.ts";

export interface ParsedKey {
  kind: KeyKind;
  project: string;
  environment: string;
}

const PATTERN = /^bd([cs])_([a-z0-9-]{1,40})_([a-z0-9-]{1,40})_[0-9a-f]{40}$/;

/** Well-formed keys met before: to find one costs less than to take it apart again. */
const parsed = new Map<string, ParsedKey>();

/** What a bearer key says of itself: `bdc_` client or `bds_` server, project, environment, then 160 random bits. */
export function parseKey(token: string): ParsedKey | null {
  if (token.length > LIMITS.tokenChars) return null;
  const known = parsed.get(token);
  if (known) return known;
  const match = PATTERN.exec(token);
  if (!match) return null;
  const key: ParsedKey = { kind: match[1] === "c" ? "client" : "server", project: match[2]!, environment: match[3]! };
  if (parsed.size >= LIMITS.tokensRemembered) parsed.clear();
  parsed.set(token, key);
  return key;
}

/**
 * The keys of one snapshot. A token is hashed on first sight and then found in a bounded map that lives and dies with
 * the snapshot, so revocation needs no extra step. Failures are not remembered: they cost the caller a hash each.
 */
export class BearerKeys {
  readonly #byHash: ReadonlyMap<string, SnapshotKey>;
  readonly #ids: ReadonlySet<string>;
  readonly #seen = new Map<string, SnapshotKey>();

  constructor(keys: readonly SnapshotKey[]) {
    this.#byHash = new Map(keys.map((key) => [key.hash, key]));
    this.#ids = new Set(keys.map((key) => key.id));
  }

  /** Whether the key of this id is still in force. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  find(token: string): SnapshotKey | null {
    const seen = this.#seen.get(token);
    if (seen) return seen;
    // Looking the hash up in a map is no timing leak: to steer it, a caller would have to invert SHA-256.
    const key = this.#byHash.get(sha256(token));
    if (!key) return null;
    if (this.#seen.size >= LIMITS.tokensRemembered) this.#seen.clear();
    this.#seen.set(token, key);
    return key;
  }
}
