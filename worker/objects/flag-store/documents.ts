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
  /** Characters of all bodies that were read so far. */
  charsRead = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get<E extends Entity>(entity: E, environment: string, key: string): Row<E> | null {
    const query = `SELECT ${COLUMNS} FROM document WHERE entity = ? AND environment = ? AND key = ?`;
    const [stored] = this.#sql.exec<Stored>(query, entity, environment, key);
    return stored ? this.#parse(entity, stored) : null;
  }

  list<E extends Entity>(entity: E, environment?: string): Row<E>[] {
    return [...this.#select(entity, environment)].map((stored) => this.#parse(entity, stored));
  }

  mentioning<E extends Entity>(entity: E, text: string): Row<E>[] {
    const query = `SELECT ${COLUMNS} FROM document WHERE entity = ? AND instr(body, ?) > 0`;
    return [...this.#sql.exec<Stored>(query, entity, text)].map((stored) => this.#parse(entity, stored));
  }

  count(entity: Entity, environment?: string): number {
    const query = "SELECT count(*) AS n FROM document WHERE entity = ?1 AND (?2 IS NULL OR environment = ?2)";
    return this.#sql.exec<{ n: number }>(query, entity, environment ?? null).one().n;
  }

  /** Bytes of all that an environment's snapshot is made of, and how many documents they are. Parses nothing. */
  snapshotSources(environment: string): { bytes: number; documents: number } {
    const query = `SELECT count(*) AS documents, coalesce(sum(octet_length(body)), 0) AS bytes FROM document
      WHERE (environment = '' AND entity IN ('flag', 'segment', 'layer', 'holdout', 'list'))
         OR (environment = ? AND entity IN ('state', 'key', 'kill', 'plan', 'test'))`;
    return this.#sql.exec<{ bytes: number; documents: number }>(query, environment).one();
  }

  /** Carries out a change; versions count up by document. Only inside a transaction. */
  apply(change: Change, revision: number, now: number): void {
    const { entity, environment, key } = change;
    if (change.after === null) {
      this.#sql.exec("DELETE FROM document WHERE entity = ? AND environment = ? AND key = ?", entity, environment, key);
      return;
    }
    this.#sql.exec(
      `INSERT INTO document (${COLUMNS}) VALUES (?, ?, ?, 1, ?, ?, ?, ?)
       ON CONFLICT (entity, environment, key) DO UPDATE SET
         version = version + 1, body = excluded.body, updated_at = excluded.updated_at, revision = excluded.revision`,
      entity,
      environment,
      key,
      JSON.stringify(change.after),
      now,
      now,
      revision,
    );
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
  }

  /** When the next schedule is due (epoch ms). */
  nextSchedule(): number | null {
    const row = this.#sql
      .exec<{ at: string | null }>(
        "SELECT min(body ->> '$.at') AS at FROM document WHERE entity = 'schedule' AND body ->> '$.status' = 'pending'",
      )
      .one();
    return row.at === null ? null : Date.parse(row.at);
  }

  /** When the next running test ends by its date (epoch ms). */
  nextTestEnd(): number | null {
    const ends = this.mentioning("test", '"endsAt"')
      .filter(({ body }) => body.status === "running" && "endsAt" in body.settings)
      .map(({ body }) => Date.parse(("endsAt" in body.settings && body.settings.endsAt) || ""));
    return ends.length === 0 ? null : Math.min(...ends);
  }

  /** Schedules that have been over for long. Their story stays in the audit. */
  forgetSchedules(finishedBefore: number): void {
    const before = new Date(finishedBefore).toISOString();
    this.#sql.exec("DELETE FROM document WHERE entity = 'schedule' AND body ->> '$.finishedAt' < ?", before);
  }

  /** Deployments of long ago. Their story stays in the audit. */
  forgetDeployments(finishedBefore: number): void {
    const before = new Date(finishedBefore).toISOString();
    this.#sql.exec("DELETE FROM document WHERE entity = 'deployment' AND body ->> '$.finishedAt' < ?", before);
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
