import { ownOf } from "../../../shared/own.ts";
import type { TelemetryStats } from "../../../shared/schema/telemetry.ts";

/*
 * The traffic of the last day, for calculators that ask how long a release would take: exposures and distinct units by
 * flag and of all flags together, events and failures by metric. Of server keys alone, as guards count them: what
 * anybody can make up must not move a plan.
 */

const HOUR_MS = 3_600_000;
/** Hours that are told of, the running one among them. */
const HOURS = 24;
/** At most so often (ms) is the running hour written: an object that stops loses no more. */
const WRITE_MS = 60_000;
/** Names are the senders': beyond so many in an hour, new ones are not followed. */
const MAX_NAMES = 1_000;
/** Everybody, whatever the flag. No flag or metric has this name. */
const ALL = "*";

/**
 * Distinct values by the k smallest of uniform ranks (Bar-Yossef et al. 2002): standard error about 1/sqrt(k), half of
 * that over the four shards together.
 */
const SMALLEST = 64;

interface Met {
  exposures: number;
  /** Epoch ms of the first of its hour. */
  since: number;
  /** The smallest ranks of its units, ascending. */
  ranks: number[];
}
interface Happened {
  events: number;
  judged: number;
  failed: number;
}
type Row = { hour: number; name: string; body: string };

/**
 * The running hour in memory, written with the events it counts, and the ones before in SQLite. Changes of a transaction
 * that was taken back are forgotten by `reload`.
 */
export class Traffic {
  readonly #sql: SqlStorage;
  #hour: number | null = null;
  #entries = new Map<string, Met | Happened>();
  readonly #changed = new Set<string>();
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @param rank of the unit, 0 … 1 */
  exposure(flag: string, rank: number, now: number): void {
    for (const name of [ALL, `f.${flag}`]) {
      const met = this.#entry<Met>(name, now, () => ({ exposures: 0, since: now, ranks: [] }));
      if (!met) continue;
      met.exposures++;
      keepSmallest(met.ranks, rank);
    }
  }

  outcome(metric: string, ok: boolean | undefined, now: number): void {
    const happened = this.#entry<Happened>(`m.${metric}`, now, () => ({ events: 0, judged: 0, failed: 0 }));
    if (!happened) return;
    happened.events++;
    if (ok !== undefined) happened.judged++;
    if (ok === false) happened.failed++;
  }

  #entry<T extends Met | Happened>(name: string, now: number, empty: () => T): T | null {
    this.#turn(now);
    let entry = this.#entries.get(name) as T | undefined;
    if (!entry) {
      if (this.#entries.size >= MAX_NAMES) return null;
      entry = empty();
      this.#entries.set(name, entry);
    }
    this.#changed.add(name);
    return entry;
  }

  /** Makes the hour of this moment the one in memory; also when the clock was set back. */
  #turn(now: number): void {
    const hour = Math.floor(now / HOUR_MS);
    if (this.#hour === hour) return;
    if (this.#hour !== null) {
      this.#write();
      this.expire(now);
    }
    this.#hour = hour;
    this.#entries.clear();
    for (const { name, body } of this.#sql.exec<Row>("SELECT * FROM traffic WHERE hour = ?", hour))
      this.#entries.set(name, JSON.parse(body));
  }

  /** Writes what has changed, now and then, within the caller's transaction. */
  write(now: number): void {
    const elapsed = now - this.#writtenAt;
    if (elapsed >= 0 && elapsed < WRITE_MS) return;
    this.#writtenAt = now;
    this.#write();
  }

  #write(): void {
    if (this.#changed.size === 0) return;
    const rows = [...this.#changed].map((name) => [name, JSON.stringify(this.#entries.get(name))]);
    this.#changed.clear();
    this.#sql.exec(
      "INSERT OR REPLACE INTO traffic (hour, name, body) SELECT ?, value ->> 0, value ->> 1 FROM json_each(?)",
      this.#hour,
      JSON.stringify(rows),
    );
  }

  /** After a transaction that was taken back: what it had counted is read anew. */
  reload(): void {
    this.#hour = null;
    this.#entries.clear();
    this.#changed.clear();
    this.#writtenAt = Number.NEGATIVE_INFINITY;
  }

  /** @param flag this one's alone; null: every one's */
  read(now: number, flag: string | null): TelemetryStats["traffic"] {
    const oldest = Math.floor(now / HOUR_MS) - HOURS + 1;
    const view: TelemetryStats["traffic"] = { minutes: 0, all: { exposures: 0, units: 0 }, flags: {}, metrics: {} };
    const met = new Map<string, { exposures: number; ranks: number[] }>();
    let since: number | null = null;
    for (const { hour, name, entry } of this.#since(oldest - 1)) {
      // Traffic in the hour before the day: the day is full.
      if (name === ALL && "ranks" in entry)
        since = Math.min(since ?? now, hour < oldest ? oldest * HOUR_MS : entry.since);
      if (hour < oldest) continue;
      const own = name.slice(2);
      if ("ranks" in entry) {
        if (name !== ALL && flag !== null && own !== flag) continue;
        const sum = met.get(name) ?? { exposures: 0, ranks: [] };
        met.set(name, sum);
        sum.exposures += entry.exposures;
        for (const rank of entry.ranks) keepSmallest(sum.ranks, rank);
      } else {
        const sum = ownOf(view.metrics, own) ?? { events: 0, judged: 0, failed: 0 };
        view.metrics[own] = {
          events: sum.events + entry.events,
          judged: sum.judged + entry.judged,
          failed: sum.failed + entry.failed,
        };
      }
    }
    for (const [name, { exposures, ranks }] of met) {
      const sum = { exposures, units: distinct(ranks) };
      if (name === ALL) view.all = sum;
      else view.flags[name.slice(2)] = sum;
    }
    if (since !== null) view.minutes = Math.max(0, now - since) / 60_000;
    return view;
  }

  /** What is kept of this hour and later ones; of the running one as memory has it. */
  *#since(oldest: number): Generator<{ hour: number; name: string; entry: Met | Happened }> {
    for (const { hour, name, body } of this.#sql.exec<Row>("SELECT * FROM traffic WHERE hour >= ?", oldest))
      if (hour !== this.#hour) yield { hour, name, entry: JSON.parse(body) };
    if (this.#hour === null || this.#hour < oldest) return;
    for (const [name, entry] of this.#entries) yield { hour: this.#hour, name, entry };
  }

  /** Deletes what is no longer told of. */
  expire(now: number): void {
    this.#sql.exec("DELETE FROM traffic WHERE hour < ?", Math.floor(now / HOUR_MS) - HOURS);
  }

  /** Removes a unit from every sketch; another unit of the very same rank, one in four thousand million, goes with it. */
  forget(rank: number): void {
    this.#write();
    for (const { hour, name, body } of [...this.#sql.exec<Row>("SELECT * FROM traffic WHERE name NOT LIKE 'm.%'")]) {
      const entry = JSON.parse(body) as Met;
      if (!entry.ranks.includes(rank)) continue;
      entry.ranks = entry.ranks.filter((one) => one !== rank);
      this.#sql.exec("UPDATE traffic SET body = ? WHERE hour = ? AND name = ?", JSON.stringify(entry), hour, name);
    }
    this.reload();
  }
}

/** Keeps the smallest ranks, each once, ascending. */
function keepSmallest(ranks: number[], rank: number): void {
  if (ranks.length >= SMALLEST && rank >= (ranks.at(-1) as number)) return;
  let low = 0;
  for (let high = ranks.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((ranks[middle] as number) < rank) low = middle + 1;
    else high = middle;
  }
  if (ranks[low] === rank) return;
  ranks.splice(low, 0, rank);
  if (ranks.length > SMALLEST) ranks.pop();
}

const distinct = (ranks: readonly number[]): number =>
  ranks.length < SMALLEST ? ranks.length : Math.round((SMALLEST - 1) / (ranks.at(-1) as number));
