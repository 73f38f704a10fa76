import type { UsageReport, UsageView } from "../../../shared/schema/usage.ts";

/** Times are kept to this (ms): a flag asked for all day costs a row in ten minutes. */
const RESOLUTION_MS = 600_000;
/** Attributes remembered per environment. */
const MAX_ATTRIBUTES = 300;
/** An attribute with more values than this tells people apart, not groups: its values are dropped for good. */
const MAX_VALUES = 50;

/**
 * What edges were asked for: when each flag last was, and which attributes apps send. Not part of the project: neither
 * in its history nor in backups.
 */
export class UsageLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @param known whether there is such a flag: an edge may tell of one that is gone */
  note(environment: string, { flags, bulk, attributes }: UsageReport, known: (flag: string) => boolean, now: number) {
    const asked = bulk ? ["", ...flags] : flags;
    for (const flag of asked) {
      if (flag !== "" && !known(flag)) continue;
      this.#sql.exec(
        `INSERT INTO flag_asked (environment, flag, at) VALUES (?1, ?2, ?3)
         ON CONFLICT (environment, flag) DO UPDATE SET at = excluded.at WHERE excluded.at - at >= ?4`,
        environment,
        flag,
        now,
        RESOLUTION_MS,
      );
    }
    for (const { name, values } of attributes) this.#learn(environment, name, values);
  }

  #learn(environment: string, name: string, seen: readonly (string | boolean)[]): void {
    const [row] = this.#sql.exec<{ known: string | null }>(
      "SELECT known FROM attribute_seen WHERE environment = ? AND name = ?",
      environment,
      name,
    );
    if (!row) {
      const [{ count } = { count: 0 }] = this.#sql.exec<{ count: number }>(
        "SELECT count(*) AS count FROM attribute_seen WHERE environment = ?",
        environment,
      );
      if (count >= MAX_ATTRIBUTES) return;
    }
    // Null: it had too many values once.
    if (row && row.known === null) return;
    const before = row ? (JSON.parse(row.known as string) as (string | boolean)[]) : [];
    const values = [...new Set([...before, ...seen])];
    if (row && values.length === before.length) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO attribute_seen (environment, name, known) VALUES (?, ?, ?)",
      environment,
      name,
      values.length > MAX_VALUES ? null : JSON.stringify(values),
    );
  }

  /** One that is gone leaves nothing to another of its name. */
  forget(environment: string): void {
    for (const table of ["flag_asked", "attribute_seen"])
      this.#sql.exec(`DELETE FROM ${table} WHERE environment = ?`, environment);
  }

  view(environment: string): UsageView {
    const rows = this.#sql.exec<{ flag: string; at: number }>(
      "SELECT flag, at FROM flag_asked WHERE environment = ?",
      environment,
    );
    const asked = new Map([...rows].map(({ flag, at }) => [flag, new Date(at).toISOString()]));
    const bulkAt = asked.get("") ?? null;
    asked.delete("");
    const attributes = this.#sql.exec<{ name: string; known: string | null }>(
      "SELECT name, known FROM attribute_seen WHERE environment = ? ORDER BY name",
      environment,
    );
    return {
      bulkAt,
      flags: Object.fromEntries(asked),
      attributes: [...attributes].map(({ name, known }) => ({
        name,
        values: known === null ? [] : (JSON.parse(known) as (string | boolean)[]).sort(),
      })),
    };
  }
}
