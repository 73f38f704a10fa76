import { LIMITS } from "../../../shared/limits.ts";
import { parseSlug, type Slug } from "../../../shared/schema/names.ts";
import type { KeyKind, SnapshotKey } from "../../../shared/schema/snapshot.ts";
import { hasChecksum } from "../../crypto/key-checksum.ts";
import { sha256 } from "../../crypto/sha256.ts";
import type { Env } from "../../env.ts";
import { secretOf } from "../../secrets.ts";

export interface ParsedKey {
  readonly kind: KeyKind;
  readonly project: Slug;
  readonly environment: Slug;
  /** This installation made the key: it ends in its checksum. */
  readonly vouched: boolean;
}

const PATTERN = /^bd([cs])_([a-z0-9-]{1,40})_([a-z0-9-]{1,40})_[0-9a-f]{40}$/;

/**
 * Well-formed keys met before: to find one costs less than to take it apart again. Those that opened something have a
 * place of their own, so that made-up ones, however many, do not push them out.
 */
const opened = new Map<string, ParsedKey>();
const met = new Map<string, ParsedKey>();

/**
 * What a bearer key says of itself: `bdc_` client or `bds_` server, project, environment, then 40 hexadecimal digits.
 * Null when it cannot be a key.
 */
export function parseKey(token: string, env: Pick<Env, "KEY_CHECKSUM_SECRET">): ParsedKey | null {
  return opened.get(token) ?? met.get(token) ?? takeApart(token, env);
}

function takeApart(token: string, env: Pick<Env, "KEY_CHECKSUM_SECRET">): ParsedKey | null {
  if (token.length > LIMITS.tokenChars) return null;
  const match = PATTERN.exec(token);
  const project = match && parseSlug(match[2] as string);
  const environment = match && parseSlug(match[3] as string);
  if (!project || !environment) return null;
  const kind = match[1] === "c" ? "client" : "server";
  const key: ParsedKey = {
    kind,
    project,
    environment,
    vouched: hasChecksum(token, secretOf(env, "KEY_CHECKSUM_SECRET")),
  };
  if (met.size >= LIMITS.tokensRemembered) met.clear();
  met.set(token, key);
  return key;
}

/** The key opened a snapshot, so it is worth a place that made-up ones cannot take. */
function keepParsed(token: string): void {
  const key = met.get(token);
  if (!key) return;
  met.delete(token);
  if (opened.size >= LIMITS.tokensRemembered) {
    for (const oldest of opened.keys()) {
      opened.delete(oldest);
      break;
    }
  }
  opened.set(token, key);
}

/**
 * The keys of one snapshot. A token is hashed on first sight and then found in a map that lives and dies with the
 * snapshot, so revocation needs no extra step. The map holds no more tokens than the snapshot has keys: failures are
 * not remembered, and cost the caller a hash each.
 */
export class BearerKeys {
  readonly #byHash: ReadonlyMap<string, SnapshotKey>;
  readonly #byId: ReadonlyMap<string, SnapshotKey>;
  readonly #seen = new Map<string, SnapshotKey>();
  readonly #onFound: () => void;
  readonly #now: () => number;

  /** @param onFound called when a token is found for the first time: somebody has shown a secret of this project */
  constructor(keys: readonly SnapshotKey[], onFound: () => void = () => {}, now: () => number = Date.now) {
    this.#now = now;
    this.#byHash = new Map(keys.map((key) => [key.hash, key]));
    this.#byId = new Map(keys.map((key) => [key.id, key]));
    this.#onFound = onFound;
  }

  /** Whether the key of this id is still in force. */
  has(id: string): boolean {
    return this.byId(id) !== null;
  }

  /** For what was opened by a key and names it by its id; null when the key is not in force any more. */
  byId(id: string): SnapshotKey | null {
    return this.#unlessOver(this.#byId.get(id));
  }

  /** An expired key ends here, although the snapshot that has it is still the latest. */
  #unlessOver(key: SnapshotKey | undefined): SnapshotKey | null {
    if (key === undefined || (key.expiresAt !== undefined && key.expiresAt <= this.#now())) return null;
    return key;
  }

  find(token: string): SnapshotKey | null {
    const seen = this.#seen.get(token);
    if (seen) return this.#unlessOver(seen);
    // Looking the hash up in a map is no timing leak: to steer it, a caller would have to invert SHA-256.
    const key = this.#unlessOver(this.#byHash.get(sha256(token)));
    if (!key) return null;
    this.#seen.set(token, key);
    keepParsed(token);
    this.#onFound();
    return key;
  }
}
