import { type SipKey, sipHash, sipKey } from "../../../shared/hashing/sip-hash.ts";
import { type Slug, storedKeyName } from "../../../shared/schema/names.ts";
import { amend, divide, shardCount, sortHashes } from "../../../shared/segments/segment-list.ts";
import { fromBase64, toBase64 } from "../../crypto/base64.ts";
import { listShardKey } from "../../kv/list-shards.ts";
import type { ListDraft } from "./decide/list-draft.ts";
import type { Body, Change } from "./entities.ts";

/** An upload that was not finished within this time (ms) is given up. */
const UPLOAD_KEEP_MS = 3_600_000;

/** A list worked out but not yet decided on. Nothing of it is written before it is. */
export interface ListProposal extends ListDraft {
  /** The hashes of a changed shard. */
  hashes(shard: number): Uint8Array;
}

/**
 * The long lists of a project's segments in SQLite: the truth, of which KV is a copy. Hashes only; the keys are
 * nowhere.
 */
export class SegmentLists {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Makes room for an upload, and forgets those that were never finished. */
  begin(segment: string, upload: string, salt: string, now: number): void {
    const old = "SELECT upload FROM list_upload WHERE at < ?";
    this.#sql.exec(`DELETE FROM list_part WHERE upload IN (${old})`, now - UPLOAD_KEEP_MS);
    this.#sql.exec("DELETE FROM list_upload WHERE at < ?", now - UPLOAD_KEEP_MS);
    this.#sql.exec(
      "INSERT INTO list_upload (upload, segment, salt, at) VALUES (?, ?, ?, ?)",
      upload,
      segment,
      salt,
      now,
    );
  }

  /** Adds shards to an upload, as base64. False: there is no such upload. */
  add(upload: string, parts: readonly { shard: number; hashes: string }[]): boolean {
    if (!this.#upload(upload)) return false;
    for (const { shard, hashes } of parts) {
      const bytes = fromBase64(hashes).buffer;
      this.#sql.exec("INSERT OR REPLACE INTO list_part (upload, shard, hashes) VALUES (?, ?, ?)", upload, shard, bytes);
    }
    return true;
  }

  /** A list as uploaded; null when the upload is unknown or another segment's. */
  uploaded(segment: string, upload: string, current: Body<"list"> | null): ListProposal | null {
    const begun = this.#upload(upload);
    if (begun?.segment !== segment) return null;
    const rows = this.#sql
      .exec<{ shard: number; bytes: number }>(
        "SELECT shard, length(hashes) AS bytes FROM list_part WHERE upload = ? ORDER BY shard",
        upload,
      )
      .toArray();
    const complete = rows.length > 0 && Number.isInteger(Math.log2(rows.length));
    if (!complete || rows.some(({ shard }, index) => shard !== index)) return null;
    const hashes = (shard: number) =>
      this.#bytes("SELECT hashes FROM list_part WHERE upload = ? AND shard = ?", upload, shard);
    const comparable = current?.salt === begun.salt && current.shards.length === rows.length;
    const changed = rows
      .map(({ shard }) => shard)
      .filter((shard) => !comparable || !sameBytes(hashes(shard), this.#shard(segment, shard)));
    const { salt } = begun;
    return { salt, version: upload, sizes: rows.map(({ bytes }) => bytes / 8), changed: new Set(changed), hashes };
  }

  /** A list with keys added and removed. Only shards that they fall into are read, unless the list is divided anew. */
  amended(
    segment: string,
    keys: { add: readonly string[]; remove: readonly string[] },
    identity: { version: string; salt: string; key: string },
    current: Body<"list"> | null,
  ): ListProposal {
    const key = sipKey(identity.key);
    const shards = current?.shards.length ?? 1;
    const added = divide(hashed(key, keys.add), shards);
    const removed = divide(hashed(key, keys.remove), shards);
    const sizes = this.#sizes(segment, shards);
    const after = new Map<number, Uint32Array>();
    for (let shard = 0; shard < shards; shard++) {
      const plus = added[shard] as Uint32Array;
      const minus = removed[shard] as Uint32Array;
      if (plus.length === 0 && minus.length === 0) continue;
      const before = this.#words(segment, shard);
      const words = amend(before, plus, minus);
      if (sameWords(before, words)) continue;
      after.set(shard, words);
      sizes[shard] = words.length / 2;
    }
    const { version, salt } = identity;
    const count = sizes.reduce((sum, size) => sum + size, 0);
    // Divided anew only when shards have grown to twice their size: every one of them has to be written again.
    if (shardCount(count / 2) <= shards) {
      const hashes = (shard: number) => bytesOf(after.get(shard) ?? new Uint32Array());
      return { salt, version, sizes, changed: new Set(after.keys()), hashes };
    }
    const all = new Uint32Array(count * 2);
    let at = 0;
    for (let shard = 0; shard < shards; shard++) {
      const words = after.get(shard) ?? this.#words(segment, shard);
      all.set(words, at);
      at += words.length;
    }
    const parts = divide(all, shardCount(count));
    const hashes = (shard: number) => bytesOf(parts[shard] as Uint32Array);
    return { salt, version, sizes: parts.map((part) => part.length / 2), changed: new Set(parts.keys()), hashes };
  }

  /**
   * Follows a decided change, inside its transaction: the hashes, what is to be written to KV, and, answered, the KV
   * keys that nothing will name any more.
   */
  follow(project: Slug, change: Extract<Change, { entity: "list" }>, proposal: ListProposal | null): string[] {
    const { key: segment, before, after } = change;
    const old = (before?.shards ?? []).map((version, shard) => ({ version, shard })).filter(({ version }) => version);
    const gone = old
      .filter(({ version, shard }) => after?.shards[shard] !== version || after.shards.length !== before?.shards.length)
      .map(({ version, shard }) => listShardKey(project, storedKeyName(segment), version, shard));
    if (!after || after.shards.length !== before?.shards.length || after.salt !== before.salt)
      this.#sql.exec("DELETE FROM list_shard WHERE segment = ?", segment);
    for (const shard of after ? (proposal?.changed ?? []) : []) {
      const version = after?.shards[shard] ?? "";
      if (version === "") this.#sql.exec("DELETE FROM list_shard WHERE segment = ? AND shard = ?", segment, shard);
      else {
        const hashes = (proposal as ListProposal).hashes(shard);
        this.#sql.exec(
          "INSERT OR REPLACE INTO list_shard (segment, shard, version, hashes) VALUES (?, ?, ?, ?)",
          segment,
          shard,
          version,
          hashes,
        );
        this.#enqueue(segment, shard, version);
      }
    }
    this.forget(proposal?.version ?? "");
    return gone;
  }

  /** Takes an upload away that is done with. */
  forget(upload: string): void {
    this.#sql.exec("DELETE FROM list_part WHERE upload = ?", upload);
    this.#sql.exec("DELETE FROM list_upload WHERE upload = ?", upload);
  }

  /** After a restore: everything is to be written to KV, whatever lies there. */
  enqueueAll(): void {
    this.#sql.exec("INSERT OR IGNORE INTO list_outbox SELECT segment, shard, version FROM list_shard");
  }

  kvKeys(project: Slug): string[] {
    const query = "SELECT segment, shard, version FROM list_shard";
    return [...this.#sql.exec<{ segment: string; shard: number; version: string }>(query)].map(
      ({ segment, shard, version }) => listShardKey(project, storedKeyName(segment), version, shard),
    );
  }

  /** Names of shards that are not in KV yet. */
  unwritten(limit: number): { segment: string; shard: number; version: string }[] {
    return this.#sql
      .exec<{ segment: string; shard: number; version: string }>("SELECT * FROM list_outbox LIMIT ?", limit)
      .toArray();
  }

  written(segment: string, shard: number, version: string): void {
    this.#sql.exec("DELETE FROM list_outbox WHERE segment = ? AND shard = ? AND version = ?", segment, shard, version);
  }

  /** A shard's bytes, if it is still of this version. */
  bytes(segment: string, shard: number, version: string): Uint8Array<ArrayBuffer> | null {
    const [row] = this.#sql.exec<{ hashes: ArrayBuffer }>(
      "SELECT hashes FROM list_shard WHERE segment = ? AND shard = ? AND version = ?",
      segment,
      shard,
      version,
    );
    return row ? new Uint8Array(row.hashes) : null;
  }

  base64(segment: string, shard: number, version: string): string | null {
    const bytes = this.bytes(segment, shard, version);
    return bytes && toBase64(bytes);
  }

  #enqueue(segment: string, shard: number, version: string): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO list_outbox (segment, shard, version) VALUES (?, ?, ?)",
      segment,
      shard,
      version,
    );
  }

  #upload(upload: string): { segment: string; salt: string } | undefined {
    const [row] = this.#sql.exec<{ segment: string; salt: string }>(
      "SELECT segment, salt FROM list_upload WHERE upload = ?",
      upload,
    );
    return row;
  }

  #sizes(segment: string, shards: number): number[] {
    const sizes = new Array<number>(shards).fill(0);
    const query = "SELECT shard, length(hashes) AS bytes FROM list_shard WHERE segment = ?";
    for (const { shard, bytes } of this.#sql.exec<{ shard: number; bytes: number }>(query, segment))
      sizes[shard] = bytes / 8;
    return sizes;
  }

  #shard(segment: string, shard: number): Uint8Array {
    return this.#bytes("SELECT hashes FROM list_shard WHERE segment = ? AND shard = ?", segment, shard);
  }

  #words(segment: string, shard: number): Uint32Array {
    return wordsOf(this.#shard(segment, shard));
  }

  #bytes(query: string, ...bindings: (string | number)[]): Uint8Array {
    const [row] = this.#sql.exec<{ hashes: ArrayBuffer }>(query, ...bindings);
    return row ? new Uint8Array(row.hashes) : new Uint8Array();
  }
}

function hashed(key: SipKey, keys: readonly string[]): Uint32Array {
  const words = new Uint32Array(keys.length * 2);
  for (const [index, text] of keys.entries()) {
    const { high, low } = sipHash(key, text);
    words[index * 2] = low;
    words[index * 2 + 1] = high;
  }
  return sortHashes(words);
}

const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.slice().buffer);

function sameWords(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && (a.length === 0 || sameWords(wordsOf(a), wordsOf(b)));
}

const wordsOf = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / 4);
