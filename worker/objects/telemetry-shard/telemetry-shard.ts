import type { DayTotals, TelemetryStats, TotalsAnswer } from "../../../shared/schema/telemetry.ts";
import { armIn } from "../../../shared/telemetry/arm.ts";
import { add } from "../../../shared/telemetry/counters.ts";
import { readDays } from "../../../shared/telemetry/read-tally.ts";
import { inWindow, type Lane, recordExposure, recordOutcome } from "../../../shared/telemetry/tally.ts";
import type { Env } from "../../env.ts";
import { rearm, runSteps } from "../kernel/alarm.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { migrate } from "../kernel/migrations.ts";
import { EarlyOutcomes } from "./early-outcomes.ts";
import { EventIds, RecentIds } from "./event-ids.ts";
import { Gathering } from "./gathering.ts";
import { GuardCall } from "./guard-call.ts";
import { LoadShedder } from "./load-shedder.ts";
import type { TelemetryShardMethods } from "./methods.ts";
import { TELEMETRY_MIGRATIONS } from "./migrations.ts";
import { type KnownSeries, SeriesBook, SHARD_ITSELF } from "./series-book.ts";
import type { ShardBatch, ShardEvent, ShardExposure, ShardOutcome, ShardReply } from "./shard-batch.ts";
import { Traffic } from "./traffic.ts";
import { rankOf } from "./unit-hash.ts";
import { expireRecords, forgetUnit, UnitRows } from "./unit-rows.ts";

/** Exposure records are kept this long (ms) after their series was last named: 30 days. */
export const EXPOSURE_KEEP_MS = 30 * 86_400_000;
/** A series' counts, in which nobody can be found, are kept this long (ms): 400 days, a year to compare with. */
export const COUNTS_KEEP_MS = 400 * 86_400_000;
const ALARM_MS = 10 * 60_000;
const NO_TRAFFIC: TelemetryStats["traffic"] = { minutes: 0, all: { exposures: 0, units: 0 }, flags: {}, metrics: {} };
/** When nothing is due for long. */
const IDLE_ALARM_MS = 86_400_000;
/**
 * A shard may hold 10 GB; before that it takes no more events, so that what it holds can still be read and deleted. Of
 * client keys it takes none beyond half of it: what anybody can make up must not leave a server's guards blind.
 */
const FULL_BYTES = { server: 9_000_000_000, client: 4_500_000_000 } as const;
/** Rows that one alarm deletes at most: a long deletion would hold events up. */
const DELETE_ROWS = 20_000;

/**
 * One of the shards that keep an environment's telemetry: all events of a unit that can meet come here, so de-duplication,
 * joining and counting need nobody else. A shell: it opens one transaction a batch, asks `shared/telemetry`, and writes records and
 * counts together.
 */
export class TelemetryShard extends DurableBase implements TelemetryShardMethods {
  protected readonly methods = new Set<keyof TelemetryShardMethods>([
    "ingest",
    "totals",
    "daily",
    "forgetUnit",
    "clear",
    "stats",
  ]);
  readonly #storage: DurableObjectStorage;
  readonly #ids: EventIds;
  readonly #recent = new RecentIds();
  readonly #book: SeriesBook;
  readonly #shedder = new LoadShedder();
  readonly #early = new EarlyOutcomes();
  readonly #gathering = new Gathering((batch) => this.store(batch), {
    now: () => Date.now(),
    later: (ms, run) => void setTimeout(run, ms),
  });
  readonly #traffic: Traffic;
  readonly #wakeUp: GuardCall;
  #ready = false;
  #alarmSeen = false;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.#wakeUp = new GuardCall(env);
    this.#storage = state.storage;
    this.#ids = new EventIds(state.storage.sql);
    this.#book = new SeriesBook(state.storage.sql);
    this.#traffic = new Traffic(state.storage.sql);
    const [table] = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'");
    if (!table) return;
    this.#prepare();
    rearm(this.#storage, () => {
      if (this.#book.all().size > 0) return this.#storage.setAlarm(Date.now() + ALARM_MS);
    });
  }

  /** No table before the first event. */
  #prepare(): void {
    if (this.#ready) return;
    migrate(this.#storage, TELEMETRY_MIGRATIONS);
    this.#ready = true;
  }

  /** Stores a batch with those that come close to it. */
  ingest(batch: ShardBatch): Promise<ShardReply> {
    return this.#gathering.add(batch);
  }

  /** Stores a batch, all of it or nothing; what its units' level leaves out is counted and told. */
  store(batch: ShardBatch): ShardReply {
    this.#prepare();
    const now = Date.now();
    const keep = this.#shedder.offer(batch.source, batch.events.length + batch.shed, now);
    const level = this.#storage.sql.databaseSize > FULL_BYTES[batch.source] ? 0 : keep[batch.source];
    const events = level >= 1 ? batch.events : batch.events.filter(({ rank }) => rank < level);
    const shed = level >= 1 ? [] : batch.events.filter(({ rank, copy }) => rank >= level && !copy);
    const indices = shed.map(({ index }) => index);
    const early = this.#early.turn(batch.source, now);
    try {
      const { duplicate, unwatched, isWatched } = this.#storage.transactionSync(() => {
        const stored = this.#store(batch, events, early, now);
        add(this.#book.counters(SHARD_ITSELF), `shed.${batch.source}`, shed.length + batch.shed);
        this.#book.write();
        this.#traffic.write(now);
        return stored;
      });
      for (const id of unwatched) this.#recent.add(id);
      this.#book.commit();
      early.commit();
      this.#watch(now);
      if (isWatched) this.#wakeUp.moved(batch.place, now);
      return { duplicate, shed: indices, keep: this.#shedder.keep };
    } catch (error) {
      this.#book.reload();
      this.#ids.reload();
      this.#traffic.reload();
      throw error;
    }
  }

  /** @returns indices of events that were known already, ids of those that nothing watches, and whether any is watched */
  #store(batch: ShardBatch, events: readonly ShardEvent[], early: ReturnType<EarlyOutcomes["turn"]>, now: number) {
    for (const { flag, series } of batch.series) this.#book.meet(flag, series, now);
    this.#book.close(batch.killed, now);
    const targets = events.map((event) => this.#target(batch, event, now));
    const period = this.#ids.turn(now);
    const units = new UnitRows(this.#storage.sql, period, EventIds.oldest(period));
    for (const { event, isWatched } of targets) if (isWatched) units.want(event.unit);
    units.read();
    const { fresh, duplicate } = this.#fresh(batch, targets, units);
    for (const { event } of fresh) this.#meetTraffic(batch, event, now);
    // A batch is no order: what a unit was served comes before what came of it.
    const byTime = fresh.filter(({ isWatched }) => isWatched).sort((a, b) => a.event.at - b.event.at);
    const joining = { batch, units, early, now };
    for (const { exposed } of byTime) if (exposed) this.#expose(exposed.event, exposed.series, joining);
    const current = new Set(batch.series.map(({ series }) => series.id));
    for (const { outcome, fed } of byTime)
      if (outcome) for (const series of fed) this.#join(outcome, series, current.has(series.spec.id), joining);
    const touched = byTime.flatMap(({ exposed, fed }) => (exposed ? [exposed.series] : fed));
    for (const series of new Set(touched)) this.#book.settle(series, now);
    this.#keepIds(batch, byTime, units, now);
    units.write(now);
    const unwatched = fresh.flatMap(({ event, isWatched }) => (isWatched ? [] : [idOf(event, batch.source)]));
    return { duplicate, unwatched, isWatched: byTime.length > 0 };
  }

  /** What an event counts in. */
  #target({ source, ofClients }: ShardBatch, event: ShardEvent, now: number): Target {
    if (event.type === "exposure") {
      const exposed = this.#place(event);
      return { event, exposed, outcome: null, fed: [], isWatched: exposed !== null };
    }
    const known = this.#book.fedBy(event.metric, event.flag, now);
    const fed = ofClients && source === "server" ? known.filter(({ spec }) => spec.source === "any") : known;
    return { event, exposed: null, outcome: event, fed, isWatched: fed.length > 0 };
  }

  /** Only what servers say moves what is planned with, and no marked unit does. */
  #meetTraffic({ source }: ShardBatch, event: ShardEvent, now: number): void {
    if (source !== "server") return;
    if (event.type === "exposure") {
      if (event.marks.length === 0) this.#traffic.exposure(event.flag, event.rank, now);
    } else if (!event.copy) this.#traffic.outcome(event.metric, event.ok, now);
  }

  /** Events whose ids are new, and the indices of the others. */
  #fresh({ source }: ShardBatch, targets: readonly Target[], units: UnitRows) {
    const watched = targets.filter(({ isWatched }) => isWatched);
    const apart = this.#ids.known(watched.map(({ event }) => idOf(event, source)));
    const met = new Set<string>();
    const fresh: Target[] = [];
    const duplicate: number[] = [];
    const counters = this.#book.counters(SHARD_ITSELF);
    for (const target of targets) {
      const { event, isWatched } = target;
      const id = idOf(event, source);
      const isKnown = isWatched ? apart.has(id) || units.isKnown(event.unit, source, event.id) : this.#recent.has(id);
      if (isKnown || met.has(id)) {
        if (!event.copy) duplicate.push(event.index);
        continue;
      }
      met.add(id);
      fresh.push(target);
      if (!event.copy) add(counters, `stored.${source}.${event.type}`, 1);
    }
    add(counters, "duplicate", duplicate.length);
    return { fresh, duplicate };
  }

  /** Ids of watched events, in the row of their unit as far as it has room. */
  #keepIds({ source }: ShardBatch, targets: readonly Target[], units: UnitRows, now: number): void {
    const ids = new Map<string, string[]>();
    for (const { event } of targets) {
      const own = ids.get(event.unit);
      if (own) own.push(event.id);
      else ids.set(event.unit, [event.id]);
    }
    const apart: string[] = [];
    for (const [unit, own] of ids)
      for (const id of units.keepIds(unit, source, own)) apart.push(idOf({ unit, id }, source));
    this.#ids.keep(apart, now);
  }

  /** The series that an exposure belongs to, with its arm there: of a late one, the stage in which it happened. */
  #place(event: ShardExposure): { event: ShardExposure; series: KnownSeries } | null {
    const { late } = event;
    if (!late) {
      const series = event.series === undefined ? undefined : this.#book.all().get(event.series);
      return series ? { event, series } : null;
    }
    const series = this.#book.runningAt(event.flag, event.at);
    if (!series || series.spec.by !== late.by) return null;
    const arm = armIn(series.spec, late, () => late.bucket);
    return { event: { ...event, arm: series.spec.ranges && !late.ofSplit ? null : arm }, series };
  }

  #expose(event: ShardExposure, series: KnownSeries, { batch, units, early, now }: Joining): void {
    const { spec, no } = series;
    const counters = this.#book.counters(series);
    const lane = laneOf(series, batch);
    const count = (field: string, by: number) => add(counters, `${lane}.-.-.${field}`, by);
    if (series.closedAt !== null) {
      count("afterKill", 1);
      return;
    }
    if (event.arm === null && event.marks.length === 0) {
      count("mismatched", 1);
      return;
    }
    const known = units.record(no, lane, event.unit);
    const { at, shift, marks, country, device } = event;
    const arm = event.arm ?? -1;
    const exposure = { arm, at, arrivedAt: now, shift, revision: batch.revision, marks, country, device };
    const conflicted = known?.conflict;
    const record = recordExposure(spec, lane, known, exposure, counters);
    if (known && record.conflict === conflicted) return;
    if (!known)
      for (const outcome of early.take(no, lane, event.unit)) {
        if (record.arm < 0 || inWindow(spec, record, outcome)) count("unattributed", -1);
        recordOutcome(spec, lane, record, outcome, counters);
      }
    units.put(no, lane, event.unit, record);
  }

  #join(event: ShardOutcome, series: KnownSeries, current: boolean, { batch, units, early, now }: Joining): void {
    const { spec, no } = series;
    const lane = laneOf(series, batch);
    const record = units.record(no, lane, event.unit);
    const counters = this.#book.counters(series);
    if (series.closedAt !== null) {
      if (record) add(counters, `${lane}.-.-.afterKill`, 1);
      return;
    }
    const { at, shift, ok, latencyMs, value } = event;
    const outcome = { event: event.metric, at, arrivedAt: now, shift, ok, latencyMs, value };
    if (record) {
      if (recordOutcome(spec, lane, record, outcome, counters)) units.put(no, lane, event.unit, record);
    } else if (current ? event.at >= spec.startedAt : this.#book.ranAt(series, event.at)) {
      add(counters, `${lane}.-.-.unattributed`, 1);
      early.keep(no, lane, event.unit, outcome);
    }
  }

  /** Counts of these series, as far as this shard has met them. */
  totals(ids: string[]): TotalsAnswer {
    const answer: TotalsAnswer = { series: {}, shed: { server: 0, client: 0 } };
    if (!this.#ready) return answer;
    const now = Date.now();
    for (const id of ids) {
      const known = this.#book.all().get(id);
      if (known) answer.series[id] = this.#book.totals(known, now);
    }
    answer.shed = this.#shed();
    return answer;
  }

  /** The same by day of first exposure (UTC). */
  daily(ids: string[]): Record<string, DayTotals[]> {
    if (!this.#ready) return {};
    const answer: Record<string, DayTotals[]> = {};
    for (const id of ids) {
      const known = this.#book.all().get(id);
      if (known) answer[id] = readDays(known.spec, known.counters);
    }
    return answer;
  }

  /** Removes every record and id of a unit. Counts stay: nobody can be found in them. */
  forgetUnit(unit: string): { records: number } {
    // What waits to be stored would bring the unit back.
    this.#gathering.flush();
    if (!this.#ready) return { records: 0 };
    return this.#storage.transactionSync(() => {
      const records = forgetUnit(this.#storage.sql, unit);
      this.#recent.forget(unit);
      this.#ids.forget(unit);
      this.#early.forget(unit);
      this.#traffic.forget(rankOf(unit));
      return { records };
    });
  }

  /** Forgets everything: the environment is gone, and another of its name begins anew. */
  async clear(): Promise<void> {
    if (!this.#ready) return;
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
    this.#recent.clear();
    this.#early.clear();
    this.#ready = false;
    this.#alarmSeen = false;
    this.#prepare();
    this.#book.reload();
    this.#ids.reload();
    this.#traffic.reload();
  }

  /** @param traffic of which flag; of every one, when none is named; null: none is read */
  stats(traffic: { flag?: string | undefined } | null = null): TelemetryStats {
    const stored: Record<string, number> = {};
    if (!this.#ready) {
      const shed = { server: 0, client: 0 };
      const keep = this.#shedder.keep;
      return { stored, duplicate: 0, shed, keep, series: 0, databaseBytes: 0, traffic: NO_TRAFFIC };
    }
    for (const [name, value] of this.#book.shard)
      if (name.startsWith("stored.")) stored[name.slice("stored.".length)] = value;
    return {
      stored,
      duplicate: this.#book.shard.get("duplicate") ?? 0,
      shed: this.#shed(),
      keep: this.#shedder.keep,
      series: this.#book.all().size,
      databaseBytes: this.#storage.sql.databaseSize,
      traffic: traffic ? this.#traffic.read(Date.now(), traffic.flag ?? null) : NO_TRAFFIC,
    };
  }

  #shed() {
    return {
      server: this.#book.shard.get("shed.server") ?? 0,
      client: this.#book.shard.get("shed.client") ?? 0,
    };
  }

  /** Each instance makes sure, once, that an alarm is set. */
  #watch(now: number): void {
    if (this.#alarmSeen) return;
    this.#alarmSeen = true;
    void this.#storage.getAlarm().then((at) => {
      if (at === null) return this.#storage.setAlarm(now + ALARM_MS);
    });
  }

  /** Retention. Deletes a bounded number of rows and comes again; when nothing is left it stays away. */
  async alarm(): Promise<void> {
    if (!this.#ready) return;
    const now = Date.now();
    let next: number | null = ALARM_MS;
    await runSteps({
      expire: () => {
        next = this.#storage.transactionSync(() => this.#expire(now));
        this.#book.commit();
      },
      series: () => this.#book.reload(),
      ids: () => this.#ids.reload(),
    });
    if (next !== null) await this.#storage.setAlarm(now + next);
    else this.#alarmSeen = false;
  }

  /** @returns when to come again (ms); null: never, until there are events */
  #expire(now: number): number | null {
    const ids = this.#ids.expire(now);
    this.#traffic.expire(now);
    const series = new Map([...this.#book.all().values()].map((known) => [known.no, known]));
    const isOver = (no: number) => now - (series.get(no)?.seenAt ?? 0) >= EXPOSURE_KEEP_MS;
    let rows = DELETE_ROWS - expireRecords(this.#storage.sql, isOver, DELETE_ROWS);
    let left: number | null = ids ? IDLE_ALARM_MS : null;
    for (const known of this.#book.all().values()) {
      this.#book.settle(known, now);
      const idle = now - known.seenAt;
      const deleted = idle < EXPOSURE_KEEP_MS ? 0 : this.#deleteFormerRecords(known.no, rows);
      rows -= deleted;
      if (idle >= COUNTS_KEEP_MS && deleted === 0 && rows > 0) this.#book.remove(known);
      else left = Math.min(left ?? IDLE_ALARM_MS, idle < IDLE_ALARM_MS ? ALARM_MS : IDLE_ALARM_MS);
    }
    this.#book.write();
    return rows <= 0 ? ALARM_MS : left;
  }

  /** Of versions before the tables of units. */
  #deleteFormerRecords(series: number, limit: number): number {
    const gone = this.#storage.sql.exec(
      `DELETE FROM exposure WHERE series = ?1 AND (lane, unit) IN
         (SELECT lane, unit FROM exposure WHERE series = ?1 LIMIT ?2) RETURNING 1`,
      series,
      Math.max(0, limit),
    );
    return [...gone].length;
  }
}

interface Joining {
  readonly batch: ShardBatch;
  readonly units: UnitRows;
  readonly early: ReturnType<EarlyOutcomes["turn"]>;
  readonly now: number;
}

/** An event, and what it counts in; nothing: it is not watched. */
interface Target {
  readonly event: ShardEvent;
  readonly exposed: { event: ShardExposure; series: KnownSeries } | null;
  readonly outcome: ShardOutcome | null;
  readonly fed: readonly KnownSeries[];
  readonly isWatched: boolean;
}

/** Ids of client keys are apart: nobody can use up a server's ids by guessing them. */
const idOf = ({ unit, id }: Pick<ShardEvent, "unit" | "id">, source: ShardBatch["source"]): string =>
  unit + id + (source === "client" ? "c" : "");

const laneOf = ({ spec }: KnownSeries, { source }: ShardBatch): Lane =>
  spec.source === "server" && source === "client" ? 1 : 0;
