import { ownOf } from "../../../shared/own.ts";
import type { UsageCounts } from "../../../shared/schema/usage.ts";

/** A reporter that has been silent for so long (ms), 2 days, does not come back: isolates take a new name after half of it. */
export const REPORTER_KEEP_MS = 2 * 86_400_000;
/** Months of which the evaluations are kept. */
const MONTHS_KEPT = 25;

/** The month of an instant, in UTC, such as 2026-11. */
export const monthOf = (now: number): string => new Date(now).toISOString().slice(0, 7);

/** What a key was asked, and how often it was refused, since counting began. */
export interface KeyUse {
  asked: number;
  limited: number;
  /** To the minute; null: never, or before that was kept. */
  lastUsedAt: string | null;
}

/** Last use of a key, kept beside its counters: an instant (epoch ms), not a sum. */
const usedAtOf = (id: string): string => `key.${id}.used_at`;
const MINUTE_MS = 60_000;

/**
 * Sums of what edges counted. Every edge reports totals since its reporter began, so that a report which is lost or
 * comes twice changes nothing: what counts is the difference to the last one of the same reporter.
 */
export class UsageCounters {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Takes an edge's totals. Inside a transaction. */
  take(environment: string, reporter: string, counts: UsageCounts, now: number): void {
    const [row] = this.#sql.exec<{ counts: string }>(
      "SELECT counts FROM usage_reporter WHERE reporter = ? AND environment = ?",
      reporter,
      environment,
    );
    const before = (row ? JSON.parse(row.counts) : {}) as UsageCounts;
    let evaluations = 0;
    const used = new Set<string>();
    for (const [name, total] of Object.entries(counts)) {
      // Totals only rise; one that fell is a late report that was overtaken.
      const added = total - (ownOf(before, name) ?? 0);
      if (added <= 0) continue;
      this.#add(environment, name, added);
      if (name.startsWith("evaluations.")) evaluations += added;
      if (name.startsWith("key.")) used.add(name.split(".")[1] as string);
    }
    for (const id of used) this.#used(environment, id, now);
    const most = { ...before };
    for (const [name, total] of Object.entries(counts)) most[name] = Math.max(total, ownOf(before, name) ?? 0);
    this.#sql.exec(
      "INSERT OR REPLACE INTO usage_reporter (reporter, environment, counts, at) VALUES (?, ?, ?, ?)",
      reporter,
      environment,
      JSON.stringify(most),
      now,
    );
    this.#sql.exec("DELETE FROM usage_reporter WHERE at < ?", now - REPORTER_KEEP_MS);
    if (evaluations === 0) return;
    this.#sql.exec(
      `INSERT INTO usage_month (month, environment, evaluations) VALUES (?, ?, ?)
       ON CONFLICT (month, environment) DO UPDATE SET evaluations = evaluations + excluded.evaluations`,
      monthOf(now),
      environment,
      evaluations,
    );
    this.#sql.exec(
      "DELETE FROM usage_month WHERE month NOT IN (SELECT DISTINCT month FROM usage_month ORDER BY month DESC LIMIT ?)",
      MONTHS_KEPT,
    );
  }

  #add(environment: string, name: string, added: number): void {
    this.#sql.exec(
      `INSERT INTO usage_total (environment, name, value) VALUES (?, ?, ?)
       ON CONFLICT (environment, name) DO UPDATE SET value = value + excluded.value`,
      environment,
      name,
      added,
    );
  }

  #used(environment: string, id: string, now: number): void {
    this.#sql.exec(
      `INSERT INTO usage_total (environment, name, value) VALUES (?, ?, ?)
       ON CONFLICT (environment, name) DO UPDATE SET value = excluded.value WHERE excluded.value > value`,
      environment,
      usedAtOf(id),
      now - (now % MINUTE_MS),
    );
  }

  /**
   * An environment that is gone leaves no sums to another of its name. Its months stay, which the project's budget
   * counts; so does what reporters last told, without which their next report would count anew what went.
   */
  forget(environment: string): void {
    this.#sql.exec("DELETE FROM usage_total WHERE environment = ?", environment);
  }

  /** The project is gone. */
  forgetMonths(): void {
    this.#sql.exec("DELETE FROM usage_month");
  }

  /** By environment, then by counter. */
  totals(): Map<string, Map<string, number>> {
    const all = new Map<string, Map<string, number>>();
    const rows = this.#sql.exec<{ environment: string; name: string; value: number }>(
      "SELECT environment, name, value FROM usage_total ORDER BY environment, name",
    );
    for (const { environment, name, value } of rows) {
      const its = all.get(environment) ?? new Map<string, number>();
      its.set(name, value);
      all.set(environment, its);
    }
    return all;
  }

  /** Uses of each key of an environment. */
  byKey(environment: string): Map<string, KeyUse> {
    const uses = new Map<string, KeyUse>();
    const rows = this.#sql.exec<{ name: string; value: number }>(
      "SELECT name, value FROM usage_total WHERE environment = ? AND name LIKE 'key.%'",
      environment,
    );
    for (const { name, value } of rows) {
      const [, id = "", what] = name.split(".");
      const use = uses.get(id) ?? { asked: 0, limited: 0, lastUsedAt: null };
      if (what === "used_at") use.lastUsedAt = new Date(value).toISOString();
      else if (what === "asked" || what === "limited") use[what] = value;
      uses.set(id, use);
    }
    return uses;
  }

  /** Evaluations of a month in all environments, and of each. */
  month(month: string): { evaluations: number; environments: Record<string, number> } {
    const rows = this.#sql
      .exec<{ environment: string; evaluations: number }>(
        "SELECT environment, evaluations FROM usage_month WHERE month = ? ORDER BY environment",
        month,
      )
      .toArray();
    const environments = Object.fromEntries(rows.map((row) => [row.environment, row.evaluations]));
    return { evaluations: rows.reduce((sum, row) => sum + row.evaluations, 0), environments };
  }
}
