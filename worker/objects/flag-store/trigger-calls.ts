import { LIMITS } from "../../../shared/limits.ts";
import type { CallOutcome, Signal, TriggerCall } from "../../../shared/schema/trigger.ts";

type Stored = {
  at: number;
  source: TriggerCall["source"];
  summary: string;
  outcome: CallOutcome;
  revision: number | null;
  calls: number;
};

const MINUTE_MS = 60_000;
export const minuteOf = (now: number): number => Math.floor(now / MINUTE_MS);

/** Every call of every trigger and what it did, the outbreaks seen, and how many calls this minute has had. */
export class TriggerCalls {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Counts this call, and says how many came before it in this minute, in its lane. */
  count(trigger: string, lane: "firing" | "other", now: number): number {
    const minute = minuteOf(now);
    this.#sql.exec("DELETE FROM trigger_minute WHERE minute < ?", minute);
    const { calls } = this.#sql
      .exec<{ calls: number }>(
        `INSERT INTO trigger_minute (trigger_id, lane, minute, calls) VALUES (?, ?, ?, 1)
         ON CONFLICT (trigger_id, lane, minute) DO UPDATE SET calls = calls + 1 RETURNING calls`,
        trigger,
        lane,
        minute,
      )
      .one();
    return calls - 1;
  }

  /** Which of these outbreaks have pulled the trigger before. */
  seen(trigger: string, episodes: readonly string[]): Set<string> {
    const known = new Set<string>();
    for (const episode of episodes) {
      const [row] = this.#sql.exec(
        "SELECT 1 FROM trigger_episode WHERE trigger_id = ? AND episode = ?",
        trigger,
        episode,
      );
      if (row) known.add(episode);
    }
    return known;
  }

  /** These outbreaks have had their effect. One that is repeated for weeks is remembered as long. */
  remember(trigger: string, episodes: readonly string[], now: number): void {
    this.#sql.exec("DELETE FROM trigger_episode WHERE last_at < ?", now - LIMITS.triggerEpisodeKeepMs);
    for (const episode of episodes)
      this.#sql.exec(
        `INSERT INTO trigger_episode (trigger_id, episode, last_at) VALUES (?, ?, ?)
         ON CONFLICT (trigger_id, episode) DO UPDATE SET last_at = excluded.last_at`,
        trigger,
        episode,
        now,
      );
  }

  /** Calls beyond the cap share one row a minute, so that a storm cannot fill the log. */
  log(trigger: string, signal: Signal, outcome: CallOutcome, revision: number | null, now: number): void {
    if (outcome === "rate-limited") {
      const [row] = this.#sql.exec(
        "UPDATE trigger_call SET calls = calls + 1 WHERE trigger_id = ? AND outcome = ? AND at >= ? RETURNING id",
        trigger,
        outcome,
        minuteOf(now) * MINUTE_MS,
      );
      if (row) return;
    }
    this.#sql.exec(
      "INSERT INTO trigger_call (trigger_id, at, source, summary, outcome, revision, calls) VALUES (?, ?, ?, ?, ?, ?, 1)",
      trigger,
      now,
      signal.kind === "unrecognised" ? null : signal.source,
      signal.kind === "unrecognised" ? signal.reason : signal.summary,
      outcome,
      revision,
    );
    this.#sql.exec(
      `DELETE FROM trigger_call WHERE trigger_id = ?1 AND id <=
       (SELECT id FROM trigger_call WHERE trigger_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)`,
      trigger,
      LIMITS.triggerCallsKept,
    );
  }

  /** The latest calls, newest first. */
  recent(trigger: string, limit: number): TriggerCall[] {
    const rows = this.#sql.exec<Stored>(
      "SELECT at, source, summary, outcome, revision, calls FROM trigger_call WHERE trigger_id = ? ORDER BY id DESC LIMIT ?",
      trigger,
      limit,
    );
    return [...rows].map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
  }

  forget(trigger: string): void {
    for (const table of ["trigger_call", "trigger_episode", "trigger_minute"])
      this.#sql.exec(`DELETE FROM ${table} WHERE trigger_id = ?`, trigger);
  }
}
