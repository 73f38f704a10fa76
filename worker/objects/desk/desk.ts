import { LIMITS } from "../../../shared/limits.ts";
import type { DeskFigures, DeskRequest, DeskView, ProductView } from "../../../shared/schema/desk.ts";
import type { Json } from "../../../shared/schema/primitives.ts";
import type { Env } from "../../env.ts";
import { ok, type Result, reject } from "../../result.ts";
import { atMost } from "../../within.ts";
import { rearm, runSteps } from "../kernel/alarm.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { migrate } from "../kernel/migrations.ts";
import type { Asker, DeskMethods, Operator, Question } from "./methods.ts";
import { DESK_MIGRATIONS } from "./migrations.ts";

const SOMEBODY: Asker = { key: "", network: "", ofServer: false };

type Stored = {
  id: string;
  flag: string;
  unit: string;
  input: string;
  status: "waiting" | "answered" | "fallback";
  created_at: number;
  deadline_at: number;
  fallback: string;
  claimed_by: string | null;
  claimed_name: string | null;
  claimed_at: number | null;
  answer: string | null;
  finished_at: number | null;
};

/** Who took a request and went away holds it this long (ms); then it waits for anybody again. */
const CLAIM_MS = 5 * 60_000;
/** Answered requests are shown this long (ms), an hour, and kept with their content this long, 30 days. */
const SHOWN_MS = 3_600_000;
const KEEP_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;
const FIGURES_MS = 7 * DAY_MS;
/** Nobody is held longer by one call (ms): connections die silently, and the next call goes on where this one ended. */
const LONGEST_WAIT_MS = 25_000;
const SHOWN_FINISHED = 20;
/** Refusals are stored this often (ms) at most, and whenever somebody looks at the figures. */
const REFUSALS_MS = 1_000;

/**
 * Requests that wait for a person, of one environment. Everything lies in SQLite before it is acknowledged; memory holds
 * only who is waiting for news, and those who lose their connection ask again.
 */
export class Desk extends DurableBase implements DeskMethods {
  protected readonly methods = new Set<keyof DeskMethods>([
    "ask",
    "wait",
    "live",
    "claim",
    "release",
    "answer",
    "figures",
    "clear",
  ]);
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #ready = false;
  #waiting = new Set<() => void>();
  /** By flag, since they were last stored. */
  readonly #refusals = new Map<string, number>();
  #refusalsStoredAt = 0;

  constructor(state: DurableObjectState, _env: Env) {
    super(state);
    this.#storage = state.storage;
    this.#sql = state.storage.sql;
    if (this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'").toArray().length === 0) return;
    this.#prepare();
    rearm(this.#storage, () => this.#scheduleAlarm());
  }

  /** Not before somebody asks something: looking leaves no trace. */
  #prepare(): void {
    if (this.#ready) return;
    migrate(this.#storage, DESK_MIGRATIONS);
    this.#ready = true;
  }

  /**
   * Takes a question, once. Where nobody could answer in time, or the asker has its share of the room, the fallback
   * comes at once and nothing is stored but a count: asked again with the same id, it may find room.
   */
  ask(question: Question): ProductView {
    this.#prepare();
    const { id, flag, unit, input, deadlineSeconds, fallback, from = SOMEBODY } = question;
    this.#expire();
    const view = this.#storage.transactionSync((): ProductView | null => {
      const now = Date.now();
      const known = this.#find(id);
      if (known) return this.#productView(known);
      if (!this.#hasRoom(unit, from)) {
        this.#countRefused(flag);
        return null;
      }
      this.#sql.exec(
        `INSERT INTO request (id, flag, unit, input, status, created_at, deadline_at, fallback, key, network, of_server)
           VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?, ?, ?, ?)`,
        id,
        flag,
        unit,
        JSON.stringify(input),
        now,
        now + deadlineSeconds * 1_000,
        JSON.stringify(fallback),
        from.key,
        from.network,
        from.ofServer ? 1 : 0,
      );
      return this.#productView(this.#find(id) as Stored);
    });
    if (!view) return { id, status: "fallback", answer: fallback, deadline: new Date().toISOString() };
    this.#changed();
    return view;
  }

  #hasRoom(unit: string, { key, network, ofServer }: Asker): boolean {
    type Waiting = { total: number; clients: number; of_key: number; of_network: number; of_unit: number };
    const waiting = this.#sql
      .exec<Waiting>(
        `SELECT count(*) AS total, total(NOT of_server) AS clients, total(key = ?1) AS of_key,
           total(NOT of_server AND network = ?2) AS of_network, total(unit = ?3 AND network = ?2) AS of_unit
         FROM request WHERE status = 'waiting'`,
        key,
        network,
        unit,
      )
      .one();
    if (waiting.total >= LIMITS.deskWaiting || waiting.of_unit >= LIMITS.deskWaitingPerUnit) return false;
    if (key !== "" && waiting.of_key >= LIMITS.deskWaitingPerKey) return false;
    if (ofServer) return true;
    const isCrowded = network !== "" && waiting.of_network >= LIMITS.deskWaitingPerNetwork;
    return !isCrowded && waiting.clients < LIMITS.deskWaitingOfClients;
  }

  /** For the figures, which would otherwise hide that people got the fallback. A flood costs one write a second. */
  #countRefused(flag: string): void {
    this.#refusals.set(flag, (this.#refusals.get(flag) ?? 0) + 1);
    if (Math.abs(Date.now() - this.#refusalsStoredAt) >= REFUSALS_MS) this.#storeRefusals();
  }

  #storeRefusals(): void {
    const now = Date.now();
    const day = Math.floor(now / DAY_MS);
    for (const [flag, requests] of this.#refusals)
      this.#sql.exec(
        `INSERT INTO refused (flag, day, requests) VALUES (?, ?, ?)
         ON CONFLICT (flag, day) DO UPDATE SET requests = requests + excluded.requests`,
        flag,
        day,
        requests,
      );
    if (this.#refusals.size > 0) this.#sql.exec("DELETE FROM refused WHERE day < ?", day - FIGURES_MS / DAY_MS);
    this.#refusals.clear();
    this.#refusalsStoredAt = now;
  }

  /** The answer to a request, after waiting for it at most `ms`. Null: there is no such request. */
  async wait(id: string, ms: number): Promise<ProductView | null> {
    const until = Date.now() + Math.min(ms, LONGEST_WAIT_MS);
    for (;;) {
      this.#expire();
      const stored = this.#find(id);
      const left = until - Date.now();
      if (!stored) return null;
      if (stored.status !== "waiting" || left <= 0) return this.#productView(stored);
      await this.#news(left);
    }
  }

  /** What those who answer look at: what is open, what was finished lately, and figures. Waits for news beyond `after`. */
  async live(operator: Operator, after: number, ms: number, flag?: string): Promise<DeskView> {
    const until = Date.now() + Math.min(ms, LONGEST_WAIT_MS);
    for (;;) {
      this.#expire();
      const left = until - Date.now();
      if (this.#sequence !== after || left <= 0) break;
      await this.#news(left);
    }
    if (!this.#ready) return { sequence: 0, requests: [], figures: [] };
    const now = Date.now();
    const rows = this.#sql
      .exec<Stored>(
        `SELECT * FROM (SELECT * FROM request WHERE status = 'waiting' AND (?1 IS NULL OR flag = ?1) ORDER BY created_at LIMIT 200)
         UNION ALL SELECT * FROM (SELECT * FROM request WHERE status <> 'waiting' AND finished_at > ?2
           AND (?1 IS NULL OR flag = ?1) ORDER BY finished_at DESC LIMIT ?3)`,
        flag ?? null,
        now - SHOWN_MS,
        SHOWN_FINISHED,
      )
      .toArray();
    const requests = rows.map((row) => this.#requestView(row, operator, now));
    return { sequence: this.#sequence, requests, figures: this.figures(flag) };
  }

  /** Takes a request for one operator. Taking what one has taken succeeds again. */
  claim(id: string, operator: Operator): Result<DeskRequest> {
    const result = this.#change(id, (stored, now) => {
      if (stored.status !== "waiting") return reject({ code: "already-done", what: FINISHED[stored.status] });
      const holder = this.#holder(stored, now);
      if (holder && holder !== operator.id) return reject({ code: "claimed", by: stored.claimed_name ?? "Somebody" });
      this.#sql.exec(
        "UPDATE request SET claimed_by = ?, claimed_name = ?, claimed_at = ? WHERE id = ?",
        operator.id,
        operator.name,
        now,
        id,
      );
      return ok(null);
    });
    return this.#shown(result, id, operator);
  }

  /** Hands a request back, so that another may take it. */
  release(id: string, operator: Operator): Result<DeskRequest> {
    const result = this.#change(id, (stored, now) => {
      const holder = this.#holder(stored, now);
      if (holder && holder !== operator.id) return reject({ code: "claimed", by: stored.claimed_name ?? "Somebody" });
      this.#sql.exec(
        "UPDATE request SET claimed_by = NULL, claimed_name = NULL, claimed_at = NULL WHERE id = ? AND status = 'waiting'",
        id,
      );
      return ok(null);
    });
    return this.#shown(result, id, operator);
  }

  /** Answers a request that one has taken. Repeated with the same answer, it succeeds again: the reply may have been lost. */
  answer(id: string, operator: Operator, answer: Json): Result<DeskRequest> {
    const text = JSON.stringify(answer);
    const result = this.#change(id, (stored, now) => {
      if (stored.status === "answered" && stored.claimed_by === operator.id && stored.answer === text) return ok(null);
      if (stored.status !== "waiting") return reject({ code: "already-done", what: FINISHED[stored.status] });
      const holder = this.#holder(stored, now);
      if (holder && holder !== operator.id) return reject({ code: "claimed", by: stored.claimed_name ?? "Somebody" });
      if (!holder) return reject({ code: "not-claimed" });
      this.#sql.exec("UPDATE request SET status = 'answered', answer = ?, finished_at = ? WHERE id = ?", text, now, id);
      this.#keepLatest("answered", LIMITS.deskAnsweredKept);
      return ok(null);
    });
    return this.#shown(result, id, operator);
  }

  figures(only?: string): DeskFigures[] {
    if (!this.#ready) return [];
    const now = Date.now();
    const rows = this.#sql
      .exec<Pick<Stored, "flag" | "status" | "created_at" | "finished_at">>(
        "SELECT flag, status, created_at, finished_at FROM request WHERE (status = 'waiting' OR finished_at > ?1) AND (?2 IS NULL OR flag = ?2)",
        now - FIGURES_MS,
        only ?? null,
      )
      .toArray();
    this.#storeRefusals();
    const refused = new Map(
      this.#sql
        .exec<{ flag: string; requests: number }>(
          "SELECT flag, sum(requests) AS requests FROM refused WHERE day > ?1 AND (?2 IS NULL OR flag = ?2) GROUP BY flag",
          Math.floor(now / DAY_MS) - FIGURES_MS / DAY_MS,
          only ?? null,
        )
        .toArray()
        .map((row) => [row.flag, row.requests] as const),
    );
    const byFlag = Map.groupBy(rows, (row) => row.flag);
    for (const flag of refused.keys()) if (!byFlag.has(flag)) byFlag.set(flag, []);
    return [...byFlag].map(([flag, own]) => {
      const waiting = own.filter((row) => row.status === "waiting").map((row) => now - row.created_at);
      const times = own
        .filter((row) => row.status === "answered")
        .map((row) => (row.finished_at ?? now) - row.created_at)
        .sort((a, b) => a - b);
      return {
        flag,
        waiting: waiting.length,
        oldestMs: waiting.length === 0 ? null : Math.max(...waiting),
        answered: times.length,
        fallbacks: own.filter((row) => row.status === "fallback").length + (refused.get(flag) ?? 0),
        medianMs: quantile(times, 0.5),
        p90Ms: quantile(times, 0.9),
      };
    });
  }

  /** Forgets what was asked and answered with a flag, or all there is when none is named: it is another's desk next. */
  clear(flag?: string): void {
    if (!this.#ready) return;
    const only = flag ?? null;
    for (const name of flag === undefined ? [...this.#refusals.keys()] : [flag]) this.#refusals.delete(name);
    this.#storage.transactionSync(() => {
      for (const table of ["request", "refused"])
        this.#sql.exec(`DELETE FROM ${table} WHERE ?1 IS NULL OR flag = ?1`, only);
    });
    this.#changed();
  }

  async alarm(): Promise<void> {
    if (!this.#ready) return;
    const earliest = await runSteps({
      forget: () => this.#sql.exec("DELETE FROM request WHERE finished_at < ?", Date.now() - KEEP_MS),
      expire: () => this.#expire(),
    });
    this.#scheduleAlarm(earliest);
  }

  #change(id: string, work: (stored: Stored, now: number) => Result<null>): Result<null> {
    this.#expire();
    const result = this.#storage.transactionSync((): Result<null> => {
      const stored = this.#find(id);
      return stored ? work(stored, Date.now()) : reject({ code: "request-not-found", id });
    });
    if (result.ok) this.#changed();
    return result;
  }

  #shown(result: Result<null>, id: string, operator: Operator): Result<DeskRequest> {
    return result.ok ? ok(this.#requestView(this.#find(id) as Stored, operator, Date.now())) : result;
  }

  /** A request that has waited long enough gets the fallback. */
  #expire(): void {
    if (!this.#ready) return;
    const { rowsWritten } = this.#sql.exec(
      "UPDATE request SET status = 'fallback', answer = fallback, finished_at = deadline_at WHERE status = 'waiting' AND deadline_at <= ?",
      Date.now(),
    );
    if (rowsWritten === 0) return;
    this.#keepLatest("fallback", LIMITS.deskFallbacksKept);
    this.#changed();
  }

  /** Finished requests hold what people wrote: of each kind the latest are kept, so that one cannot crowd the other out. */
  #keepLatest(status: "answered" | "fallback", count: number): void {
    this.#sql.exec(
      `DELETE FROM request WHERE id IN
         (SELECT id FROM request WHERE status = ? ORDER BY finished_at DESC, id LIMIT -1 OFFSET ?)`,
      status,
      count,
    );
  }

  #holder(stored: Stored, now: number): string | null {
    return stored.claimed_at !== null && stored.claimed_at > now - CLAIM_MS ? stored.claimed_by : null;
  }

  #find(id: string): Stored | undefined {
    if (!this.#ready) return undefined;
    return this.#sql.exec<Stored>("SELECT * FROM request WHERE id = ?", id).toArray()[0];
  }

  get #sequence(): number {
    if (!this.#ready) return 0;
    return this.#sql.exec<{ value: number }>("SELECT value FROM meta WHERE name = 'sequence'").toArray()[0]?.value ?? 0;
  }

  #changed(): void {
    this.#sql.exec(
      "INSERT INTO meta (name, value) VALUES ('sequence', 1) ON CONFLICT (name) DO UPDATE SET value = value + 1",
    );
    this.#scheduleAlarm();
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const wake of waiting) wake();
  }

  /** Resolves at the next change, or after `ms`; also when this object starts anew nobody waits for ever. */
  async #news(ms: number): Promise<void> {
    let wake = () => {};
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#waiting.add(wake);
    const next = this.#nextDeadline();
    await atMost(Math.max(1, Math.min(ms, next === null ? ms : next - Date.now())), changed);
    this.#waiting.delete(wake);
  }

  #nextDeadline(): number | null {
    if (!this.#ready) return null;
    return this.#sql
      .exec<{ at: number | null }>("SELECT min(deadline_at) AS at FROM request WHERE status = 'waiting'")
      .one().at;
  }

  /** For the next deadline; without one, for the day when the oldest content is forgotten. */
  #scheduleAlarm(earliest = Date.now()): void {
    const oldest = this.#sql.exec<{ at: number | null }>("SELECT min(finished_at) AS at FROM request").one().at;
    const due = this.#nextDeadline() ?? (oldest === null ? null : oldest + KEEP_MS);
    if (due !== null) void this.#storage.setAlarm(Math.max(due, earliest));
  }

  #productView({ id, status, answer, deadline_at }: Stored): ProductView {
    return {
      id,
      status,
      ...(answer === null ? {} : { answer: JSON.parse(answer) as Json }),
      deadline: new Date(deadline_at).toISOString(),
    };
  }

  #requestView(row: Stored, operator: Operator, now: number): DeskRequest {
    const holder = row.status === "waiting" ? this.#holder(row, now) : row.claimed_by;
    return {
      id: row.id,
      flag: row.flag,
      input: JSON.parse(row.input) as Json,
      status: row.status,
      createdAt: new Date(row.created_at).toISOString(),
      deadline: new Date(row.deadline_at).toISOString(),
      ...(holder && row.claimed_name ? { claimedBy: row.claimed_name } : {}),
      mine: holder === operator.id,
      ...(row.answer === null ? {} : { answer: JSON.parse(row.answer) as Json }),
      ...(row.finished_at === null ? {} : { finishedAt: new Date(row.finished_at).toISOString() }),
    };
  }
}

const FINISHED = {
  answered: "Somebody has answered this request already",
  fallback: "The deadline has passed: the product got its fallback",
} as const;

/** The value below which this part of the sorted values lies; null of none. */
function quantile(sorted: readonly number[], part: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? null;
}
