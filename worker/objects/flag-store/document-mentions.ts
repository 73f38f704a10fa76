import { Derived } from "./derived.ts";
import type { Entity } from "./entities.ts";

/** What documents of an entity are looked for by: values of fields, such as `"flag":"checkout"`, and whole texts. */
interface Indexed {
  readonly fields: readonly string[];
  readonly texts: readonly string[];
}

const MATCHES = '"op":"matches"';
const INDEXED: Readonly<Partial<Record<Entity, Indexed>>> = {
  state: { fields: ["flag", "holdout", "layer", "segment"], texts: [MATCHES] },
  segment: { fields: ["segment"], texts: [MATCHES] },
  plan: { fields: [], texts: ['"status":"running"'] },
  test: { fields: [], texts: ['"status":"running"'] },
  schedule: { fields: ["flag"], texts: ['"status":"pending"'] },
  key: { fields: [], texts: ['"expiresAt":'] },
};
/** Rises when more is indexed: then the index is made anew. */
const INDEX = "1";
/** How far it has come while it is made. */
const PROGRESS = `mentions_after/${INDEX}`;
/** Documents that one slice indexes, and characters of their bodies. */
const SLICE_DOCUMENTS = 32;
const SLICE_CHARS = 128 * 1024;

const PATTERNS = new Map(
  Object.entries(INDEXED).map(([entity, { fields, texts }]) => {
    const values = fields.length === 0 ? [] : [`"(?:${fields.join("|")})":"[^"\\\\]*"`];
    return [entity as Entity, new RegExp([...values, ...texts].join("|"), "g")] as const;
  }),
);

/** Where documents mention what: an index for `mentioning`. Until it is whole, its callers go through the documents. */
export class DocumentMentions {
  readonly #sql: SqlStorage;
  readonly #derived: Derived;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#derived = new Derived(sql);
  }

  /** Documents whose JSON holds a text, in the order of their places; null: the index does not tell. */
  places(entity: Entity, text: string): { environment: string; key: string }[] | null {
    const indexed = INDEXED[entity];
    if (!indexed) return null;
    const range = rangeOf(indexed, text);
    if (!range || !this.isWhole) return null;
    return this.#sql
      .exec<{ environment: string; key: string }>(
        `SELECT DISTINCT environment, key FROM document_mention WHERE entity = ? AND text >= ? AND text <= ?
         ORDER BY environment, key`,
        entity,
        ...range,
      )
      .toArray();
  }

  /** A document's JSON changes; null: it is not there. In the transaction of the change. */
  follow(entity: Entity, environment: string, key: string, before: string | null, after: string | null): void {
    if (!PATTERNS.has(entity)) return;
    const was = mentionsOf(entity, before);
    const is = mentionsOf(entity, after);
    for (const text of was)
      if (!is.has(text))
        this.#sql.exec(
          "DELETE FROM document_mention WHERE entity = ? AND text = ? AND environment = ? AND key = ?",
          entity,
          text,
          environment,
          key,
        );
    for (const text of is) if (!was.has(text) || !this.isWhole) this.#add(entity, text, environment, key);
  }

  /** After documents of an entity were deleted together. */
  forgetGone(entity: Entity): void {
    this.#sql.exec(
      `DELETE FROM document_mention WHERE entity = ? AND NOT EXISTS (SELECT 1 FROM document
       WHERE document.entity = document_mention.entity AND document.environment = document_mention.environment
       AND document.key = document_mention.key)`,
      entity,
    );
  }

  get isWhole(): boolean {
    return this.#derived.get("mentions") === INDEX;
  }

  /** Indexes a slice of the documents that were there before their index. True: the index is whole. */
  indexSlice(): boolean {
    if (this.isWhole) return true;
    const after = JSON.parse(this.#derived.get(PROGRESS) ?? '["","",""]') as [string, string, string];
    const rows = this.#sql.exec<{ entity: string; environment: string; key: string; body: string }>(
      `SELECT entity, environment, key, body FROM document WHERE (entity, environment, key) > (?, ?, ?)
       ORDER BY entity, environment, key LIMIT ?`,
      ...after,
      SLICE_DOCUMENTS,
    );
    let count = 0;
    let chars = 0;
    let last = after;
    const found: Parameters<DocumentMentions["follow"]>[] = [];
    for (const { entity, environment, key, body } of rows) {
      found.push([entity as Entity, environment, key, null, body]);
      last = [entity, environment, key];
      count++;
      chars += body.length;
      if (chars > SLICE_CHARS) break;
    }
    for (const one of found) this.follow(...one);
    this.#derived.set(PROGRESS, JSON.stringify(last));
    if (count > 0) return false;
    this.#derived.set("mentions", INDEX);
    return true;
  }

  #add(entity: Entity, text: string, environment: string, key: string): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO document_mention (entity, text, environment, key) VALUES (?, ?, ?, ?)",
      entity,
      text,
      environment,
      key,
    );
  }
}

const mentionsOf = (entity: Entity, json: string | null): Set<string> =>
  new Set(json === null ? [] : (json.match(PATTERNS.get(entity) as RegExp) ?? []));

/** The texts of the index that a text stands for: itself, or all values of a field whose value it leaves open. */
function rangeOf({ fields, texts }: Indexed, text: string): [string, string] | null {
  if (texts.includes(text)) return [text, text];
  const [, field = "", value] = /^"([a-z]+)":"(?:([^"\\]*)")?$/.exec(text) ?? [];
  if (!fields.includes(field)) return null;
  return value === undefined ? [text, `${text}~`] : [text, text];
}
