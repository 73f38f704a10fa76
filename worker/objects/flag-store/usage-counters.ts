import { ownOf } from "../../../shared/own.ts";
import type { UsageCounts } from "../../../shared/schema/usage.ts";

/** A reporter that has been silent for so long (ms), 2 days and what its time is kept to, does not come back: isolates take a new name after a day. */
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

/** Reports are gathered in memory for so long (ms): together they cost a row each, and the sums that they change. */
const GATHER_MS = 60_000;
/** An edge reports so often (ms), less often where there are many: one report in 30 ms for all together. */
const EVERY_MS = { least: 60_000, most: 300_000, aReporter: 30 } as const;
/** When a reporter last told something is kept to this (ms), half a day: an index stands on it. */
const REPORTED_AT_MS = REPORTER_KEEP_MS / 4;

interface Told {
  readonly environment: string;
  readonly reporter: string;
  counts: UsageCounts;
  /** Epoch ms when that changed last. */
  at: number;
}

/**
 * Sums of what edges counted. Every edge reports totals since its reporter began, so that a report which is lost or
 * comes twice changes nothing: what counts is the difference to the last one of the same reporter. So reports may wait
 * in memory: those that are lost with the object are made good by the next ones.
 */
export class UsageCounters {
  readonly #sql: SqlStorage;
  readonly #waiting = new Map<string, Told>();
  #writtenAt = Number.NEGATIVE_INFINITY;
  /** Reports have come since `take` or `write` last wrote: a read writes them too, and settles nothing. */
  #isUnsettled = false;
  /** How many edges have reported in the last days. */
  #reporters = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * Takes an edge's totals. Inside a transaction.
   *
   * @returns whether what waited has been written
   */
  take(environment: string, reporter: string, counts: UsageCounts, now: number): boolean {
    const name = `${environment}\n${reporter}`;
    // Evaluations belong to the month in which they are told.
    const [first] = this.#waiting.values();
    if (first && monthOf(first.at) !== monthOf(now)) this.#write();
    const told = this.#waiting.get(name);
    if (!told) this.#waiting.set(name, { environment, reporter, counts, at: now });
    else if (Object.entries(counts).some(([one, total]) => total > (ownOf(told.counts, one) ?? 0))) {
      told.counts = greatest(told.counts, counts);
      told.at = now;
    }
    const elapsed = now - this.#writtenAt;
    this.#isUnsettled = true;
    if (elapsed >= 0 && elapsed < GATHER_MS) return false;
    this.write(now);
    return true;
  }

  /** When what has come is to be settled at the latest (epoch ms); null: nothing has. */
  get dueAt(): number | null {
    return this.#isUnsettled ? this.#writtenAt + GATHER_MS : null;
  }

  /** How often (ms) each edge should report. */
  get everyMs(): number {
    return Math.min(EVERY_MS.most, Math.max(EVERY_MS.least, this.#reporters * EVERY_MS.aReporter));
  }

  /** Writes what waits. Inside a transaction. */
  write(now: number): void {
    this.#writtenAt = now;
    this.#isUnsettled = false;
    this.#write();
    this.#reporters = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM usage_reporter").one().n;
  }

  #write(): void {
    if (this.#waiting.size === 0) return;
    const sums = new Map<string, { environment: string; name: string; value: number }>();
    const evaluations = new Map<string, { month: string; environment: string; added: number }>();
    for (const told of this.#waiting.values()) {
      const { environment, reporter, counts, at } = told;
      const [row] = this.#sql.exec<{ counts: string; at: number }>(
        "SELECT counts, at FROM usage_reporter WHERE reporter = ? AND environment = ?",
        reporter,
        environment,
      );
      const before = (row ? JSON.parse(row.counts) : {}) as UsageCounts;
      for (const [name, total] of Object.entries(counts)) {
        // Totals only rise; one that fell is a late report that was overtaken.
        const added = total - (ownOf(before, name) ?? 0);
        if (added <= 0) continue;
        const key = `${environment}\n${name}`;
        const sum = sums.get(key) ?? { environment, name, value: 0 };
        sum.value += added;
        sums.set(key, sum);
        if (name.startsWith("key.")) this.#used(environment, name.split(".")[1] as string, at);
        if (!name.startsWith("evaluations.")) continue;
        const month = monthOf(at);
        const told = evaluations.get(environment) ?? { month, environment, added: 0 };
        told.added += added;
        evaluations.set(environment, told);
      }
      const isLate = !row || Math.abs(at - row.at) > REPORTED_AT_MS;
      this.#sql.exec(
        `INSERT INTO usage_reporter (reporter, environment, counts, at) VALUES (?, ?, ?, ?)
         ON CONFLICT (reporter, environment) DO UPDATE SET counts = excluded.counts${isLate ? ", at = excluded.at" : ""}`,
        reporter,
        environment,
        JSON.stringify(greatest(before, counts)),
        at,
      );
    }
    const [first] = this.#waiting.values();
    this.#waiting.clear();
    for (const { environment, name, value } of sums.values()) this.#add(environment, name, value);
    for (const { month, environment, added } of evaluations.values())
      this.#sql.exec(
        `INSERT INTO usage_month (month, environment, evaluations) VALUES (?, ?, ?)
         ON CONFLICT (month, environment) DO UPDATE SET evaluations = evaluations + excluded.evaluations`,
        month,
        environment,
        added,
      );
    this.#sql.exec("DELETE FROM usage_reporter WHERE at < ?", (first?.at ?? 0) - REPORTER_KEEP_MS);
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
    this.#write();
    this.#sql.exec("DELETE FROM usage_total WHERE environment = ?", environment);
  }

  /** The project is gone. */
  forgetMonths(): void {
    this.#write();
    this.#sql.exec("DELETE FROM usage_month");
  }

  /** By environment, then by counter. */
  totals(): Map<string, Map<string, number>> {
    this.#write();
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
    this.#write();
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
    this.#write();
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

/** Of each counter the greater total. */
function greatest(one: UsageCounts, other: UsageCounts): UsageCounts {
  const most = { ...one };
  for (const [name, total] of Object.entries(other)) most[name] = Math.max(total, ownOf(one, name) ?? 0);
  return most;
}
