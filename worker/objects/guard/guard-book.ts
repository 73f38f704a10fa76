import { z } from "zod";
import { EMPTY_MEMORY, type GuardMemory } from "../../../shared/guard/statistics/guard-memory.ts";
import {
  type BreachEvidence,
  breachEvidence,
  type GuardPoint,
  guardState,
  guardTile,
} from "../../../shared/schema/guard.ts";
import { type WatchedSeries, watchedSeries } from "./guard-watch.ts";

/** A tile as an earlier version stored it says less. */
const storedTile = guardTile
  .omit({ seen: true })
  .partial({ verdict: true, reported: true })
  .transform(({ verdict, reported, ...tile }) => ({
    ...tile,
    verdict: verdict ?? (tile.health === "breached" ? ("regression" as const) : ("inconclusive" as const)),
    reported: reported ?? tile.units,
  }));

/** What the latest look found, as it is answered. */
export const findings = z.object({
  checkedAt: z.int(),
  state: guardState.exclude(["waiting-for-approval"]),
  tiles: z.array(storedTile),
  clientAlerts: z.array(storedTile),
  mismatch: z.object({ logEvidence: z.number(), bar: z.number() }).nullable(),
  exposed: z.record(z.string(), z.int()),
  /** Units that sent an event for a metric; not in findings of before this version. */
  reported: z.record(z.string(), z.int()).optional(),
  apart: z.object({ unattributed: z.int(), afterKill: z.int(), mismatched: z.int(), excluded: z.int() }),
});
export type Findings = z.infer<typeof findings>;

/**
 * What became of a breach. `done`: carried out, or found done. `waiting`: beyond the cap of automatic kills, a person
 * must approve. `told`: only an alert. `refused`: the store says why it cannot be; nothing is tried again.
 */
export const acted = z.object({
  outcome: z.enum(["done", "waiting", "told", "refused"]),
  at: z.int(),
  detail: z.string(),
});
export type Acted = z.infer<typeof acted>;

export interface Watch {
  series: string;
  active: boolean;
  body: WatchedSeries;
  memory: GuardMemory;
  findings: Findings | null;
  /** The first breach: what is done about it stands, whatever the counts say later. */
  breach: BreachEvidence | null;
  acted: Acted | null;
  /** The plan is not asked to go on before (epoch ms). */
  advanceAt: number;
}

type Stored = {
  series: string;
  active: number;
  body: string;
  memory: string;
  findings: string | null;
  breach: string | null;
  acted: string | null;
  advance_at: number;
};
const parse = <T>(schema: z.ZodType<T>, text: string | null): T | null =>
  text === null ? null : schema.parse(JSON.parse(text));

/** Series that are no longer watched are kept this long (ms), 90 days, for charts and as what came before. */
const KEEP_MS = 90 * 86_400_000;
/** Points of one chart line are at least this far apart (ms), and further the longer it runs. */
const POINT_MS = 5_000;
const POINTS = 120;

/** What a guard object remembers. All in SQLite, so that it may stop and start at any moment. */
export class GuardBook {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  meta(name: string): string | undefined {
    return [...this.#sql.exec<{ value: string }>("SELECT value FROM meta WHERE name = ?", name)][0]?.value;
  }

  setMeta(name: string, value: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, value);
  }

  /** Forgets everything that it drew from what was watched. */
  clear(): void {
    for (const table of ["watch", "point", "automatic_kill"]) this.#sql.exec(`DELETE FROM ${table}`);
  }

  /** Takes the store's list: what is on it is watched, everything else no longer. */
  follow(list: readonly WatchedSeries[], now: number): void {
    this.#sql.exec("UPDATE watch SET active = 0 WHERE active = 1");
    for (const body of list) {
      this.#sql.exec(
        `INSERT INTO watch (series, flag, active, body, memory, advance_at, told_at) VALUES (?, ?, 1, ?, ?, 0, ?)
         ON CONFLICT (series) DO UPDATE SET active = 1, body = excluded.body, told_at = excluded.told_at`,
        body.series.id,
        body.flag,
        JSON.stringify(body),
        JSON.stringify(EMPTY_MEMORY),
        now,
      );
    }
    for (const table of ["point", "watch"])
      this.#sql.exec(
        `DELETE FROM ${table} WHERE series IN (SELECT series FROM watch WHERE active = 0 AND told_at < ?)`,
        now - KEEP_MS,
      );
  }

  active(): Watch[] {
    return this.#read("SELECT * FROM watch WHERE active = 1 ORDER BY series");
  }

  /** What is watched, and what was breached since (epoch ms): a breach ends its series. */
  activeOrBreachedSince(since: number): Watch[] {
    return this.#read(
      "SELECT * FROM watch WHERE active = 1 OR unixepoch(breach ->> '$.at') * 1000 >= ? ORDER BY series",
      since,
    );
  }

  get(series: string): Watch | null {
    return this.#read("SELECT * FROM watch WHERE series = ?", series)[0] ?? null;
  }

  /** What is, or was last, watched of a flag. */
  ofFlag(flag: string, limit = 20): Watch[] {
    return this.#read("SELECT * FROM watch WHERE flag = ? ORDER BY active DESC, told_at DESC LIMIT ?", flag, limit);
  }

  save({ series, memory, findings, breach, acted, advanceAt }: Watch): void {
    this.#sql.exec(
      "UPDATE watch SET memory = ?, findings = ?, breach = ?, acted = ?, advance_at = ? WHERE series = ?",
      JSON.stringify(memory),
      findings && JSON.stringify(findings),
      breach && JSON.stringify(breach),
      acted && JSON.stringify(acted),
      advanceAt,
      series,
    );
  }

  /** Adds to the charts what is far enough from the last point; a clock that was set back adds nothing. */
  chart({ series, body, findings, breach, acted }: Watch, now: number): void {
    // The moment of a breach is the last that there may be, and the one to be seen.
    const apart = breach && !acted ? 0 : Math.max(POINT_MS, (now - body.series.startedAt) / POINTS);
    for (const { arm, metric, change, interval, rate, units } of findings?.tiles ?? []) {
      const place = `${arm}/${metric}`;
      const value = units.control === null ? rate.treatment : change;
      if (value === null && interval.high === null) continue;
      const [last] = this.#sql.exec<{ at: number | null }>(
        "SELECT max(at) AS at FROM point WHERE series = ? AND place = ?",
        series,
        place,
      );
      if (last?.at != null && now - last.at < apart) continue;
      const point: Omit<GuardPoint, "at"> = { change: value, ...interval };
      this.#sql.exec(
        "INSERT OR IGNORE INTO point (series, place, at, body) VALUES (?, ?, ?, ?)",
        series,
        place,
        now,
        JSON.stringify(point),
      );
    }
  }

  history(series: string): Record<string, GuardPoint[]> {
    const lines: Record<string, GuardPoint[]> = {};
    const rows = this.#sql.exec<{ place: string; at: number; body: string }>(
      "SELECT place, at, body FROM point WHERE series = ? ORDER BY place, at",
      series,
    );
    for (const { place, at, body } of rows) {
      lines[place] ??= [];
      lines[place].push({ at, ...JSON.parse(body) });
    }
    return lines;
  }

  /** Distinct flags, other than this one, that guards have stopped since. */
  killedOthers(flag: string, since: number): number {
    return this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM automatic_kill WHERE flag <> ? AND at > ?", flag, since)
      .one().n;
  }

  noteKill(flag: string, now: number): void {
    this.#sql.exec("INSERT OR REPLACE INTO automatic_kill (flag, at) VALUES (?, ?)", flag, now);
  }

  #read(query: string, ...values: (string | number)[]): Watch[] {
    return [...this.#sql.exec<Stored>(query, ...values)].map((row) => ({
      series: row.series,
      active: row.active === 1,
      body: watchedSeries.parse(JSON.parse(row.body)),
      memory: JSON.parse(row.memory) as GuardMemory,
      findings: parse(findings, row.findings),
      breach: parse(breachEvidence, row.breach),
      acted: parse(acted, row.acted),
      advanceAt: row.advance_at,
    }));
  }
}
