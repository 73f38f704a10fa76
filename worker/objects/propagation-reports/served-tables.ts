import { type CentreServed, type First, withFirst } from "../../../shared/delivery/first-served.ts";
import type { ServedReport } from "../../../shared/schema/propagation.ts";
import type { CentreFacts } from "./methods.ts";

/** Answers from old knowledge are added up in memory for so long (ms): they are figures, and may lose a part. */
export const FACTS_EVERY_MS = 600_000;

type CentreRow = { colo: string; seen_at: number; cache_works: number | null; stale_served: number };
type ServedRow = { environment: string; colo: string; epoch: number; kill: string; config: string };
type Served = ServedReport["served"][number];

/** What data centres have reported. A report writes a row only where it says something that is not known. */
export class ServedTables {
  readonly #sql: SqlStorage;
  /** Not written yet, by data centre. */
  readonly #staleServed = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** True: some revision is known to be served earlier than was known. */
  take({ colo, served, staleServed = 0, cacheWorks }: ServedReport, now: number): boolean {
    this.#noteCentre(colo, staleServed, cacheWorks, now);
    const environments = [...Map.groupBy(served, ({ environment }) => environment)];
    return environments.filter(([environment, its]) => this.#noteServed(environment, colo, its)).length > 0;
  }

  #noteCentre(colo: string, staleServed: number, cacheWorks: boolean | undefined, now: number): void {
    const [known] = this.#sql.exec<CentreRow>("SELECT * FROM centre WHERE colo = ?", colo);
    const stale = (this.#staleServed.get(colo) ?? 0) + staleServed;
    const works = cacheWorks === undefined ? (known?.cache_works ?? null) : Number(cacheWorks);
    const isDue = known !== undefined && now - known.seen_at >= FACTS_EVERY_MS && stale > 0;
    if (known !== undefined && works === known.cache_works && !isDue) {
      this.#staleServed.set(colo, stale);
      return;
    }
    this.#staleServed.delete(colo);
    this.#sql.exec(
      "INSERT OR REPLACE INTO centre (colo, seen_at, cache_works, stale_served) VALUES (?, ?, ?, ?)",
      colo,
      now,
      works,
      (known?.stale_served ?? 0) + stale,
    );
  }

  #noteServed(environment: string, colo: string, reported: readonly Served[]): boolean {
    const [row] = this.#sql.exec<ServedRow>(
      "SELECT * FROM served WHERE environment = ? AND colo = ?",
      environment,
      colo,
    );
    const known = row && servedOf(row);
    // Edges that do not tell the epoch have it from the store, which adds it.
    const epoch = Math.max(known?.epoch ?? 1, ...reported.map((one) => one.epoch ?? 1));
    const before = known?.epoch === epoch ? known : { kill: [], config: [] };
    const current = reported.filter((one) => (one.epoch ?? 1) === epoch);
    const lane = (name: Served["lane"]) =>
      current
        .filter((one) => one.lane === name)
        .reduce((firsts, { revision, at }) => withFirst(firsts, [revision, Math.round(at)]), before[name]);
    const [kill, config] = [lane("kill"), lane("config")];
    if (kill === before.kill && config === before.config) return false;
    this.#sql.exec(
      "INSERT OR REPLACE INTO served (environment, colo, epoch, kill, config) VALUES (?, ?, ?, ?, ?)",
      environment,
      colo,
      epoch,
      JSON.stringify(kill),
      JSON.stringify(config),
    );
    return true;
  }

  centres(): CentreFacts[] {
    return [...this.#sql.exec<CentreRow>("SELECT * FROM centre ORDER BY colo")].map((row) => ({
      colo: row.colo,
      seenAt: row.seen_at,
      cacheWorks: row.cache_works === null ? null : row.cache_works === 1,
      staleServed: row.stale_served + (this.#staleServed.get(row.colo) ?? 0),
    }));
  }

  served(environment: string | null, since: number | null): CentreServed[] {
    const query = "SELECT * FROM served WHERE ?1 IS NULL OR environment = ?1 ORDER BY environment, colo";
    const all = [...this.#sql.exec<ServedRow>(query, environment)].map(servedOf);
    return since === null ? all : all.flatMap((one) => after(one, since) ?? []);
  }
}

/** What is left of firsts after an instant (epoch ms); null: nothing. */
function after(served: CentreServed, instant: number): CentreServed | null {
  const later = (firsts: readonly First[]) => firsts.filter(([, at]) => at > instant);
  const [kill, config] = [later(served.kill), later(served.config)];
  return kill.length + config.length > 0 ? { ...served, kill, config } : null;
}

const servedOf = ({ environment, colo, epoch, kill, config }: ServedRow): CentreServed => ({
  ...{ environment, colo, epoch },
  kill: JSON.parse(kill) as First[],
  config: JSON.parse(config) as First[],
});
