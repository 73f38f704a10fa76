import { DocumentMentions } from "./document-mentions.ts";
import { type Body, type Change, ENTITIES, type Entity, type ProjectView, type Row } from "./entities.ts";

type Stored = {
  entity: string;
  environment: string;
  key: string;
  version: number;
  body: string;
  created_at: number;
  updated_at: number;
  revision: number;
};

const COLUMNS = "entity, environment, key, version, body, created_at, updated_at, revision";

/** The project's documents in SQLite: the only truth. Rows are parsed with their schema when read. */
export class Documents implements ProjectView {
  readonly #sql: SqlStorage;
  readonly #mentions: DocumentMentions;
  /** Characters of all bodies that were read so far. */
  charsRead = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#mentions = new DocumentMentions(sql);
  }

  get<E extends Entity>(entity: E, environment: string, key: string): Row<E> | null {
    const query = `SELECT ${COLUMNS} FROM document WHERE entity = ? AND environment = ? AND key = ?`;
    const [stored] = this.#sql.exec<Stored>(query, entity, environment, key);
    return stored ? this.#parse(entity, stored) : null;
  }

  /** Whether it is there; parses nothing. */
  has(entity: Entity, environment: string, key: string): boolean {
    const query = "SELECT 1 FROM document WHERE entity = ? AND environment = ? AND key = ?";
    return this.#sql.exec(query, entity, environment, key).toArray().length > 0;
  }

  list<E extends Entity>(entity: E, environment?: string): Row<E>[] {
    return [...this.#select(entity, environment)].map((stored) => this.#parse(entity, stored));
  }

  mentioning<E extends Entity>(entity: E, text: string): Row<E>[] {
    const places = this.#mentions.places(entity, text);
    if (places) return places.flatMap(({ environment, key }) => this.get(entity, environment, key) ?? []);
    const query = `SELECT ${COLUMNS} FROM document WHERE entity = ? AND instr(body, ?) > 0`;
    return [...this.#sql.exec<Stored>(query, entity, text)].map((stored) => this.#parse(entity, stored));
  }

  /** Without an environment: of an entity that all environments share. Counted once; from then on kept up with changes. */
  count(entity: Entity, environment = ""): number {
    const place = "entity = ? AND environment = ?";
    const [known] = this.#sql.exec<{ n: number }>(`SELECT n FROM document_count WHERE ${place}`, entity, environment);
    if (known) return known.n;
    const { n } = this.#sql
      .exec<{ n: number }>(`SELECT count(*) AS n FROM document WHERE ${place}`, entity, environment)
      .one();
    this.#sql.exec("INSERT INTO document_count (entity, environment, n) VALUES (?, ?, ?)", entity, environment, n);
    return n;
  }

  /** Keys of one environment ("": of what all share) after a key, in order. Parses nothing. */
  keysAfter(entity: Entity, environment: string, after: string, limit: number): string[] {
    const query = "SELECT key FROM document WHERE entity = ? AND environment = ? AND key > ? ORDER BY key LIMIT ?";
    return [...this.#sql.exec<{ key: string }>(query, entity, environment, after, limit)].map(({ key }) => key);
  }

  /** Carries out a change; versions count up by document. Only inside a transaction. */
  apply(change: Change, revision: number, now: number): void {
    const { entity, environment, key } = change;
    const place = "entity = ? AND environment = ? AND key = ?";
    const [before] = this.#sql.exec<{ body: string }>(
      `SELECT body FROM document WHERE ${place}`,
      entity,
      environment,
      key,
    );
    const after = change.after === null ? null : JSON.stringify(change.after);
    this.#mentions.follow(entity, environment, key, before?.body ?? null, after);
    if ((before === undefined) !== (after === null)) this.#countOn(entity, environment, after === null ? -1 : 1);
    if (after === null) {
      this.#sql.exec(`DELETE FROM document WHERE ${place}`, entity, environment, key);
      return;
    }
    this.#sql.exec(
      `INSERT INTO document (${COLUMNS}) VALUES (?, ?, ?, 1, ?, ?, ?, ?)
       ON CONFLICT (entity, environment, key) DO UPDATE SET
         version = version + 1, body = excluded.body, updated_at = excluded.updated_at, revision = excluded.revision`,
      entity,
      environment,
      key,
      after,
      now,
      now,
      revision,
    );
  }

  #countOn(entity: Entity, environment: string, by: number): void {
    this.#sql.exec("UPDATE document_count SET n = n + ? WHERE entity = ? AND environment = ?", by, entity, environment);
  }

  /** After documents of an entity were deleted together. */
  #countAnew(entity: Entity): void {
    this.#sql.exec("DELETE FROM document_count WHERE entity = ?", entity);
  }

  /** Whether `mentioning` finds documents by their index alone. */
  get isIndexed(): boolean {
    return this.#mentions.isWhole;
  }

  /** Indexes some of the documents that an earlier version, or a restore, has left. True: all of them are indexed. */
  indexSlice(): boolean {
    return this.#mentions.indexSlice();
  }

  /** Ids of tombstones that have outlived every copy of the break-glass document. */
  tombstones(createdBefore: number): string[] {
    const rows = this.#sql.exec<{ key: string }>(
      "SELECT key FROM document WHERE entity = 'tombstone' AND created_at < ?",
      createdBefore,
    );
    return [...rows].map(({ key }) => key);
  }

  forgetTombstones(createdBefore: number): void {
    this.#sql.exec("DELETE FROM document WHERE entity = 'tombstone' AND created_at < ?", createdBefore);
    this.#countAnew("tombstone");
  }

  /** When the next schedule is due (epoch ms). */
  nextSchedule(): number | null {
    return earliest(this.mentioning("schedule", '"status":"pending"').map(({ body }) => Date.parse(body.at)));
  }

  /** When the next running test ends by its date (epoch ms). */
  nextTestEnd(): number | null {
    const dates = this.mentioning("test", '"status":"running"').flatMap(({ body }) =>
      body.status === "running" && "endsAt" in body.settings ? Date.parse(body.settings.endsAt ?? "") : [],
    );
    return earliest(dates);
  }

  /** Schedules that have been over for long. Their story stays in the audit. */
  forgetSchedules(finishedBefore: number): void {
    const before = new Date(finishedBefore).toISOString();
    const query = "DELETE FROM document WHERE entity = 'schedule' AND body ->> '$.finishedAt' < ?";
    if (this.#sql.exec(query, before).rowsWritten === 0) return;
    this.#countAnew("schedule");
    this.#mentions.forgetGone("schedule");
  }

  /** Deployments of long ago. Their story stays in the audit. */
  forgetDeployments(finishedBefore: number): void {
    const before = new Date(finishedBefore).toISOString();
    this.#sql.exec("DELETE FROM document WHERE entity = 'deployment' AND body ->> '$.finishedAt' < ?", before);
    this.#countAnew("deployment");
  }

  /** Restored kills that a published snapshot no longer contains. */
  forgetClearedKills(environment: string, publishedRevision: number): void {
    for (const row of this.list("kill", environment)) {
      if ((row.body.clearedRevision ?? Number.POSITIVE_INFINITY) > publishedRevision) continue;
      this.#sql.exec(
        "DELETE FROM document WHERE entity = 'kill' AND environment = ? AND key = ?",
        environment,
        row.key,
      );
    }
    this.#countAnew("kill");
  }

  #parse<E extends Entity>(entity: E, stored: Stored): Row<E> {
    this.charsRead += stored.body.length;
    return parseRow(entity, stored);
  }

  #select(entity: Entity, environment?: string) {
    return environment === undefined
      ? this.#sql.exec<Stored>(`SELECT ${COLUMNS} FROM document WHERE entity = ? ORDER BY environment, key`, entity)
      : this.#sql.exec<Stored>(
          `SELECT ${COLUMNS} FROM document WHERE entity = ? AND environment = ? ORDER BY key`,
          entity,
          environment,
        );
  }
}

const earliest = (dates: readonly number[]): number | null => (dates.length === 0 ? null : Math.min(...dates));

function parseRow<E extends Entity>(entity: E, stored: Stored): Row<E> {
  return {
    entity,
    environment: stored.environment,
    key: stored.key,
    version: stored.version,
    body: ENTITIES[entity].parse(JSON.parse(stored.body)) as Body<E>,
    createdAt: stored.created_at,
    updatedAt: stored.updated_at,
    revision: stored.revision,
  };
}
