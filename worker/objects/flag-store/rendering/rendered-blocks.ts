import { type BlockDocuments, blockText, documentsOf, type Entry } from "../../../../shared/blocks/block.ts";
import { type BlockSize, cut, isSparse, joinWell, overflows } from "../../../../shared/blocks/partition.ts";
import { compiledWeight, isWide, weightOfSums } from "../../../../shared/blocks/weight.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import type { RenderedEntry } from "./render-entry.ts";

/** What entries hold together. */
export interface Sums extends BlockSize {
  /** UTF-8 bytes that they add to a whole snapshot. */
  readonly bytes: number;
  /** Values that their conditions test against. */
  readonly tested: number;
  /** Bytes of what an edge compiles of them, and how many entries have letters that are not Latin. */
  readonly weight: number;
  readonly wide: number;
}

/** A run of entries: from `first` (of the first block: "") up to where the next block begins. */
export interface StoredBlock extends Sums {
  readonly first: string;
  /** Of the text that was made last of these entries, or of those that most of them come from; "": of none. */
  readonly hash: string;
  /** The block of the published manifest that this one came from; "": it came from none. */
  readonly publishedHash: string;
  /** Whether its entries have changed since its text was made. */
  readonly stale: boolean;
}

type Totals = { entries: number; chars: number; bytes: number; tested: number };
type BlockRow = Sums & { first: string; hash: string; published_hash: string; stale: number };

type Texts = Pick<StoredBlock, "hash" | "publishedHash">;

const NO_TEXT: Texts = { hash: "", publishedHash: "" };
const NOTHING: Sums = { entries: 0, chars: 0, bytes: 0, tested: 0, weight: 0, wide: 0 };
const COLUMNS = "first, hash, published_hash, stale, entries, chars, bytes, tested, weight, wide";
/** Entries, and their characters, that are weighed in one slice. */
const WEIGHED_ENTRIES = 64;
const WEIGHED_CHARS = 512 * 1024;
/** After every name: names hold nothing above "~". */
const END = "\u{10ffff}";

const utf8 = new TextEncoder();
const bytesOf = (text: string): number => utf8.encode(text).length;

function sumsOf(name: string, { json, tested }: RenderedEntry): Sums {
  const key = name.slice(name.indexOf("/") + 1);
  const separators = name.startsWith("key/") ? 1 : key.length + 4;
  const bytes = bytesOf(json) + separators;
  return { entries: 1, chars: name.length + json.length + 2, bytes, tested, ...weightOf(name, json) };
}

const weightOf = (name: string, json: string): Pick<Sums, "weight" | "wide"> => ({
  weight: compiledWeight(blockText([[name, json]])),
  wide: isWide(json) ? 1 : 0,
});

/** The rendered entries of all environments and the blocks that they are cut into. Only inside a transaction. */
export class RenderedBlocks {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Puts an entry in place, or takes it away (null). The block that it lies in becomes stale when that changes it. */
  put(environment: string, name: string, entry: RenderedEntry | null): void {
    const place = "environment = ? AND name = ?";
    const [before] = this.#sql.exec<{ json: string } & Omit<Sums, "entries">>(
      `SELECT json, chars, bytes, tested, weight, wide FROM rendered_entry WHERE ${place}`,
      environment,
      name,
    );
    if (entry === null ? !before : before?.json === entry.json) return;
    const was = before ? { ...before, entries: 1 } : NOTHING;
    const is = entry === null ? NOTHING : sumsOf(name, entry);
    if (entry === null) this.#sql.exec(`DELETE FROM rendered_entry WHERE ${place}`, environment, name);
    else
      this.#sql.exec(
        `INSERT OR REPLACE INTO rendered_entry (environment, name, json, chars, bytes, tested, weight, wide)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        environment,
        name,
        entry.json,
        is.chars,
        is.bytes,
        is.tested,
        is.weight,
        is.wide,
      );
    this.#grow(environment, name, was, is);
  }

  #grow(environment: string, name: string, was: Sums, is: Sums): void {
    const [found] = this.#sql.exec<{ first: string }>(
      "SELECT first FROM rendered_block WHERE environment = ? AND first <= ? ORDER BY first DESC LIMIT 1",
      environment,
      name,
    );
    if (!found) this.#insert(environment, "", NO_TEXT, NOTHING);
    this.#sql.exec(
      `UPDATE rendered_block SET stale = 1, entries = entries + ?, chars = chars + ?, bytes = bytes + ?,
         tested = tested + ?, weight = weight + ?, wide = wide + ? WHERE environment = ? AND first = ?`,
      is.entries - was.entries,
      is.chars - was.chars,
      is.bytes - was.bytes,
      is.tested - was.tested,
      is.weight - was.weight,
      is.wide - was.wide,
      environment,
      found?.first ?? "",
    );
  }

  /**
   * Weighs some of the entries that an earlier version rendered.
   *
   * @param after the environment and name of the last one before
   * @returns those of the last one that was looked at; null: there are no more
   */
  weighSome(after: readonly [string, string]): [string, string] | null {
    const query = `SELECT environment, name, json, weight FROM rendered_entry WHERE (environment, name) > (?, ?)
      ORDER BY environment, name LIMIT ?`;
    type Unweighed = { environment: string; name: string; json: string; weight: number };
    let last: [string, string] | null = null;
    let chars = 0;
    for (const { environment, name, json, weight } of this.#sql
      .exec<Unweighed>(query, ...after, WEIGHED_ENTRIES)
      .toArray()) {
      if (chars > WEIGHED_CHARS) break;
      last = [environment, name];
      chars += json.length;
      if (weight > 0) continue;
      const is = weightOf(name, json);
      const set = "weight = weight + ?1, wide = wide + ?2 WHERE environment = ?3";
      for (const update of [
        `UPDATE rendered_entry SET ${set} AND name = ?4`,
        `UPDATE rendered_block SET ${set} AND first =
           (SELECT max(first) FROM rendered_block WHERE environment = ?3 AND first <= ?4)`,
      ])
        this.#sql.exec(update, is.weight, is.wide, environment, name);
    }
    return last;
  }

  /** Cuts stale blocks that have grown too large, joins those that have become small, and drops empty ones. */
  settle(environment: string): void {
    const stale = this.#sql.exec<{ first: string }>(
      "SELECT first FROM rendered_block WHERE environment = ? AND stale = 1 ORDER BY first",
      environment,
    );
    for (const { first } of stale.toArray()) {
      const block = this.#block(environment, "first = ?", first);
      // It may have joined another meanwhile.
      if (!block) continue;
      if (overflows(block)) this.#split(environment, block);
      else if (isSparse(block)) this.#join(environment, block);
    }
  }

  #split(environment: string, block: StoredBlock): void {
    const end = this.#endOf(environment, block.first);
    const parts = cut(this.entries(environment, block.first));
    const firsts = parts.map((part, index) => (index === 0 ? block.first : (part[0] as Entry)[0]));
    this.#remove(environment, block.first);
    for (const [index, first] of firsts.entries())
      this.#insert(environment, first, block, this.#sumsBetween(environment, first, firsts[index + 1] ?? end));
  }

  /** With the block after it, else with the one before, where both fit well; an empty one with any. */
  #join(environment: string, block: StoredBlock): void {
    const next = this.#block(environment, "first > ? ORDER BY first LIMIT 1", block.first);
    const previous = this.#block(environment, "first < ? ORDER BY first DESC LIMIT 1", block.first);
    const other = [next, previous].find((one) => one && (block.entries === 0 || joinWell(block, one)));
    if (!other) {
      if (block.entries === 0) this.#remove(environment, block.first);
      return;
    }
    const [one, two] = block.first < other.first ? [block, other] : [other, block];
    this.#remove(environment, one.first);
    this.#remove(environment, two.first);
    this.#insert(environment, one.first, one.chars >= two.chars ? one : two, {
      entries: one.entries + two.entries,
      chars: one.chars + two.chars,
      bytes: one.bytes + two.bytes,
      tested: one.tested + two.tested,
      weight: one.weight + two.weight,
      wide: one.wide + two.wide,
    });
  }

  /** In the order of their entries. */
  blocks(environment: string): StoredBlock[] {
    const query = `SELECT ${COLUMNS} FROM rendered_block WHERE environment = ? ORDER BY first`;
    return this.#sql.exec<BlockRow & Record<string, SqlStorageValue>>(query, environment).toArray().map(storedBlock);
  }

  /** Of all entries of an environment. */
  sums(environment: string): Totals {
    const query = `SELECT coalesce(sum(entries), 0) AS entries, coalesce(sum(chars), 0) AS chars,
      coalesce(sum(bytes), 0) AS bytes, coalesce(sum(tested), 0) AS tested FROM rendered_block WHERE environment = ?`;
    return this.#sql.exec<Totals>(query, environment).one();
  }

  /** Bytes that an environment's blocks take in an edge's memory. */
  weight(environment: string): number {
    const query = "SELECT chars, wide, weight FROM rendered_block WHERE environment = ?";
    let sum = 0;
    for (const block of this.#sql.exec<{ chars: number; wide: number; weight: number }>(query, environment))
      sum += weightOfSums(block);
    return sum;
  }

  /** A block's entries in their order. */
  entries(environment: string, first: string): Entry[] {
    const query =
      "SELECT name, json FROM rendered_entry WHERE environment = ? AND name >= ? AND name < ? ORDER BY name";
    const rows = this.#sql.exec<{ name: string; json: string }>(
      query,
      environment,
      first,
      this.#endOf(environment, first),
    );
    return [...rows].map(({ name, json }): Entry => [name, json]);
  }

  /** Everything that is rendered of an environment, block by block. */
  documents(environment: string): BlockDocuments[] {
    return this.blocks(environment).map(({ first }) => documentsOf(blockText(this.entries(environment, first))));
  }

  /** Makes a block's text, whose hash it has from then on. */
  makeText(environment: string, first: string): { hash: string; text: string } {
    const text = blockText(this.entries(environment, first));
    const hash = sha256(text);
    this.#sql.exec(
      "UPDATE rendered_block SET hash = ?, stale = 0 WHERE environment = ? AND first = ?",
      hash,
      environment,
      first,
    );
    return { hash, text };
  }

  /** The text of a block is gone, though its entries stay as they are. */
  lost(environment: string, hash: string): void {
    this.#sql.exec("UPDATE rendered_block SET stale = 1 WHERE environment = ? AND hash = ?", environment, hash);
  }

  /** A manifest of these blocks is published: what changes from now on is a change to them. */
  published(environment: string, hashes: ReadonlySet<string>): void {
    for (const { first, hash, publishedHash } of this.blocks(environment)) {
      const is = hashes.has(hash) ? hash : hashes.size === 0 ? "" : publishedHash;
      if (is === publishedHash) continue;
      this.#sql.exec(
        "UPDATE rendered_block SET published_hash = ? WHERE environment = ? AND first = ?",
        is,
        environment,
        first,
      );
    }
  }

  /** Names after one, at most so many, up to another. */
  names(environment: string, after: string, upTo: string, limit: number): string[] {
    const query =
      "SELECT name FROM rendered_entry WHERE environment = ? AND name > ? AND name <= ? ORDER BY name LIMIT ?";
    return [...this.#sql.exec<{ name: string }>(query, environment, after, upTo, limit)].map(({ name }) => name);
  }

  forget(environment: string): void {
    this.#sql.exec("DELETE FROM rendered_entry WHERE environment = ?", environment);
    this.#sql.exec("DELETE FROM rendered_block WHERE environment = ?", environment);
  }

  #endOf(environment: string, first: string): string {
    const query = "SELECT first FROM rendered_block WHERE environment = ? AND first > ? ORDER BY first LIMIT 1";
    const [next] = this.#sql.exec<{ first: string }>(query, environment, first);
    return next?.first ?? END;
  }

  #sumsBetween(environment: string, first: string, end: string): Sums {
    const query = `SELECT count(*) AS entries, coalesce(sum(chars), 0) AS chars, coalesce(sum(bytes), 0) AS bytes,
      coalesce(sum(tested), 0) AS tested, coalesce(sum(weight), 0) AS weight, coalesce(sum(wide), 0) AS wide
      FROM rendered_entry WHERE environment = ? AND name >= ? AND name < ?`;
    return this.#sql.exec<Sums & Record<string, number>>(query, environment, first, end).one();
  }

  #block(environment: string, where: string, first: string): StoredBlock | null {
    const query = `SELECT ${COLUMNS} FROM rendered_block WHERE environment = ? AND ${where}`;
    const [row] = this.#sql.exec<BlockRow & Record<string, SqlStorageValue>>(query, environment, first);
    return row ? storedBlock(row) : null;
  }

  /** @param from the block that most of its entries come from */
  #insert(environment: string, first: string, from: Texts, sums: Sums): void {
    const { entries, chars, bytes, tested, weight, wide } = sums;
    this.#sql.exec(
      `INSERT INTO rendered_block (environment, ${COLUMNS}) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
      environment,
      first,
      from.hash,
      from.publishedHash,
      entries,
      chars,
      bytes,
      tested,
      weight,
      wide,
    );
  }

  #remove(environment: string, first: string): void {
    this.#sql.exec("DELETE FROM rendered_block WHERE environment = ? AND first = ?", environment, first);
  }
}

const storedBlock = ({ published_hash, stale, ...block }: BlockRow): StoredBlock => ({
  ...block,
  publishedHash: published_hash,
  stale: stale === 1,
});
