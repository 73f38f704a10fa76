import type { Centre, Propagation, ServedReport } from "../../../shared/schema/propagation.ts";
import { POINTER_READS_PER_S } from "../kernel/admission.ts";

/** Changes kept per environment; the page shows the last ten. */
const KEEP_CHANGES = 50;
const SHOWN_CHANGES = 10;

type ChangeRow = { revision: number; action: string; committed_at: number; published_at: number | null };

type CentreRow = { colo: string; seen_at: number; cache_works: number | null; stale_served: number };

const WITHOUT_CACHE = `The Cache API does not work in this data centre. Each isolate there asks the store itself, about twice a second: two seconds are promised while all isolates together ask less than ${POINTER_READS_PER_S} times a second. An isolate that starts while store and KV are both out of reach has nothing to serve.`;

/** How changes travel: committed, published, first served in each data centre. In SQLite, so restarts keep it. */
export class PropagationLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Inside the command's transaction. */
  committed(environment: string, revision: number, action: string, now: number): void {
    this.#sql.exec(
      "INSERT INTO change_log (environment, revision, action, committed_at) VALUES (?, ?, ?, ?)",
      environment,
      revision,
      action,
      now,
    );
    const [oldest] = this.#sql.exec<{ revision: number }>(
      "SELECT revision FROM change_log WHERE environment = ? ORDER BY revision DESC LIMIT 1 OFFSET ?",
      environment,
      KEEP_CHANGES,
    );
    if (!oldest) return;
    for (const table of ["change_log", "first_served"]) {
      this.#sql.exec(`DELETE FROM ${table} WHERE environment = ? AND revision <= ?`, environment, oldest.revision);
    }
  }

  /** A snapshot of this revision is out; it carries every change up to it. */
  published(environment: string, revision: number, now: number): void {
    this.#sql.exec(
      "UPDATE change_log SET published_at = ? WHERE environment = ? AND revision <= ? AND published_at IS NULL",
      now,
      environment,
      revision,
    );
  }

  /**
   * An edge serves a revision, and with it every change up to it that travels by the same lane: kills and nothing else
   * are in force with the pointer alone, the rest (a restore too) with the snapshot. The earliest report of a data
   * centre counts.
   */
  served({ colo, served, staleServed = 0, cacheWorks }: ServedReport, now: number): void {
    this.#sql.exec(
      `INSERT INTO centre (colo, seen_at, cache_works, stale_served) VALUES (?, ?, ?, ?)
       ON CONFLICT (colo) DO UPDATE SET seen_at = excluded.seen_at,
         cache_works = coalesce(excluded.cache_works, cache_works), stale_served = stale_served + excluded.stale_served`,
      colo,
      now,
      cacheWorks === undefined ? null : Number(cacheWorks),
      staleServed,
    );
    for (const { environment, lane, revision, at } of served) {
      const kills = lane === "kill" ? "AND action = 'kill'" : "";
      this.#sql.exec(
        `INSERT INTO first_served (environment, revision, colo, at)
         SELECT environment, revision, ?1, max(?2, committed_at) FROM change_log
         WHERE environment = ?3 AND revision <= ?4 ${kills}
         ON CONFLICT (environment, revision, colo) DO UPDATE SET at = min(at, excluded.at)`,
        colo,
        Math.round(at),
        environment,
        revision,
      );
    }
  }

  /** One that is gone leaves nothing to another of its name. */
  forget(environment: string): void {
    for (const table of ["change_log", "first_served"])
      this.#sql.exec(`DELETE FROM ${table} WHERE environment = ?`, environment);
  }

  /** Every data centre that has reported, by name. */
  centres(): Centre[] {
    const rows = this.#sql.exec<CentreRow>("SELECT colo, seen_at, cache_works, stale_served FROM centre ORDER BY colo");
    return [...rows].map(({ colo, seen_at, cache_works, stale_served }) => ({
      colo,
      seenAt: iso(seen_at),
      cache: cache_works === null ? "unknown" : cache_works === 1 ? "works" : "does-not-work",
      staleServed: stale_served,
      warning: cache_works === 0 ? WITHOUT_CACHE : null,
    }));
  }

  /** The latest changes of an environment, newest first. */
  recent(environment: string): Propagation[] {
    const changes = this.#sql.exec<ChangeRow>(
      "SELECT revision, action, committed_at, published_at FROM change_log WHERE environment = ? ORDER BY revision DESC LIMIT ?",
      environment,
      SHOWN_CHANGES,
    );
    return [...changes].map((change) => ({
      revision: change.revision,
      action: change.action,
      committedAt: iso(change.committed_at),
      publishedAt: change.published_at === null ? null : iso(change.published_at),
      publishedAfterMs: change.published_at === null ? null : change.published_at - change.committed_at,
      firstServed: this.#firstServed(environment, change),
    }));
  }

  /** Ms from commit to first served, over all changes and data centres that are kept; null: none was served. */
  afterMs(environment: string): { median: number; max: number } | null {
    const rows = this.#sql
      .exec<{ after: number }>(
        `SELECT s.at - c.committed_at AS after FROM first_served s
         JOIN change_log c ON c.environment = s.environment AND c.revision = s.revision
         WHERE s.environment = ? ORDER BY after`,
        environment,
      )
      .toArray();
    const last = rows.at(-1);
    return last ? { median: rows[(rows.length - 1) >> 1]?.after ?? last.after, max: last.after } : null;
  }

  #firstServed(environment: string, change: ChangeRow): Propagation["firstServed"] {
    const rows = this.#sql.exec<{ colo: string; at: number }>(
      "SELECT colo, at FROM first_served WHERE environment = ? AND revision = ? ORDER BY at",
      environment,
      change.revision,
    );
    return [...rows].map(({ colo, at }) => ({ colo, at: iso(at), afterMs: at - change.committed_at }));
  }
}

const iso = (ms: number): string => new Date(ms).toISOString();
