import { type CentreServed, type First, firstServedOf } from "../../../shared/delivery/first-served.ts";
import type { Centre, Propagation } from "../../../shared/schema/propagation.ts";
import { POINTER_READS_PER_S } from "../kernel/admission.ts";
import type { CentreFacts, PropagationFigures } from "../propagation-reports/methods.ts";

/** Changes kept per environment; the page shows the last ten. */
const KEEP_CHANGES = 50;
const SHOWN_CHANGES = 10;

type ChangeRow = { revision: number; action: string; committed_at: number; published_at: number | null };

type CentreRow = { colo: string; seen_at: number; cache_works: number | null; stale_served: number };

const WITHOUT_CACHE = `The Cache API does not work in this data centre. Each isolate there asks the store itself, about twice a second: two seconds are promised while all isolates together ask less than ${POINTER_READS_PER_S} times a second. An isolate that starts while store and KV are both out of reach has nothing to serve.`;

/**
 * How changes travel: committed, published, first served in each data centre. What data centres report lies in an object
 * of its own; the tables `first_served` and `centre` hold what they told earlier versions, and are read alone.
 */
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

  /** One that is gone leaves nothing to another of its name. */
  forget(environment: string): void {
    for (const table of ["change_log", "first_served"])
      this.#sql.exec(`DELETE FROM ${table} WHERE environment = ?`, environment);
  }

  /** Every data centre that has reported, by name. */
  centres({ centres, served }: PropagationFigures): Centre[] {
    const facts = new Map(this.#formerCentres().map((one) => [one.colo, one]));
    for (const one of centres) facts.set(one.colo, united(one, facts.get(one.colo)));
    const lastServed = (colo: string) =>
      Math.max(
        ...served.filter((one) => one.colo === colo).flatMap(({ kill, config }) => lastOf([...kill, ...config])),
      );
    return [...facts.values()]
      .sort((a, b) => (a.colo < b.colo ? -1 : 1))
      .map(({ colo, seenAt, cacheWorks, staleServed }) => ({
        colo,
        seenAt: iso(Math.max(seenAt, lastServed(colo))),
        cache: cacheWorks === null ? "unknown" : cacheWorks ? "works" : "does-not-work",
        staleServed,
        warning: cacheWorks === false ? WITHOUT_CACHE : null,
      }));
  }

  /** The latest changes of an environment, newest first. */
  recent(environment: string, epoch: number, { served }: PropagationFigures): Propagation[] {
    return this.#changes(environment, SHOWN_CHANGES).map((change) => ({
      revision: change.revision,
      action: change.action,
      committedAt: iso(change.committed_at),
      publishedAt: change.published_at === null ? null : iso(change.published_at),
      publishedAfterMs: change.published_at === null ? null : change.published_at - change.committed_at,
      firstServed: [...this.#firstServed(environment, change, epoch, served)]
        .sort(([, a], [, b]) => a - b)
        .map(([colo, at]) => ({ colo, at: iso(at), afterMs: at - change.committed_at })),
    }));
  }

  /** Ms from commit to first served, over all changes and data centres that are kept; null: none was served. */
  afterMs(environment: string, epoch: number, { served }: PropagationFigures): { median: number; max: number } | null {
    const after = this.#changes(environment, KEEP_CHANGES)
      .flatMap((change) =>
        [...this.#firstServed(environment, change, epoch, served).values()].map((at) => at - change.committed_at),
      )
      .sort((a, b) => a - b);
    const last = after.at(-1);
    return last === undefined ? null : { median: after[(after.length - 1) >> 1] ?? last, max: last };
  }

  #changes(environment: string, limit: number): ChangeRow[] {
    return this.#sql
      .exec<ChangeRow>(
        "SELECT revision, action, committed_at, published_at FROM change_log WHERE environment = ? ORDER BY revision DESC LIMIT ?",
        environment,
        limit,
      )
      .toArray();
  }

  /** What is reported, and what earlier versions were told and kept here. */
  #firstServed(
    environment: string,
    { revision, action, committed_at }: ChangeRow,
    epoch: number,
    served: readonly CentreServed[],
  ): Map<string, number> {
    const isKill = action === "kill";
    const firsts = firstServedOf({ environment, revision, committedAt: committed_at, isKill }, epoch, served);
    const former = this.#sql.exec<{ colo: string; at: number }>(
      "SELECT colo, at FROM first_served WHERE environment = ? AND revision = ?",
      environment,
      revision,
    );
    for (const { colo, at } of former) firsts.set(colo, Math.min(at, firsts.get(colo) ?? at));
    return firsts;
  }

  #formerCentres(): CentreFacts[] {
    const rows = this.#sql.exec<CentreRow>("SELECT colo, seen_at, cache_works, stale_served FROM centre");
    return [...rows].map((row) => ({
      colo: row.colo,
      seenAt: row.seen_at,
      cacheWorks: row.cache_works === null ? null : row.cache_works === 1,
      staleServed: row.stale_served,
    }));
  }
}

const united = (latest: CentreFacts, former: CentreFacts | undefined): CentreFacts => ({
  colo: latest.colo,
  seenAt: Math.max(latest.seenAt, former?.seenAt ?? 0),
  cacheWorks: latest.cacheWorks ?? former?.cacheWorks ?? null,
  staleServed: latest.staleServed + (former?.staleServed ?? 0),
});

const lastOf = (firsts: readonly First[]): number[] => firsts.map(([, at]) => at);

const iso = (ms: number): string => new Date(ms).toISOString();
