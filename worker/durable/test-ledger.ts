import type { LedgerPart } from "../../shared/schema/backup.ts";
import { storedSlug } from "../../shared/schema/names.ts";
import { type DemandCell, demandReport } from "../../shared/statistics/demand.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { type DoorSettings, doubtsOf } from "./door-doubts.ts";
import { DurableBase } from "./durable-base.ts";
import type { LedgerDelivery, LedgerPage } from "./ledger-backup.ts";
import { migrate, TEST_LEDGER_MIGRATIONS } from "./migrations.ts";
import { flagStore } from "./stubs.ts";
import { STOP_RULE } from "./timed-work.ts";

/** What happened at a door, as the edge saw it. People and networks are keyed hashes; no address comes this far. */
export interface DoorEvent {
  readonly project: string;
  readonly environment: string;
  readonly flag: string;
  readonly run: number;
  readonly settings: DoorSettings;
  readonly action: "seen" | "click";
  readonly unit: string;
  /** Whom the product knows this person as, when it does. */
  readonly user?: string | undefined;
  /** Since the door was evaluated for this person (ms). */
  readonly ageMs: number;
  readonly network: string;
  readonly country: string;
  readonly device: string;
  readonly bot: boolean;
  readonly at: number;
}

export type DoorState = "new" | "seen" | "clicked";

/** After new people came, whether the test is over is asked this much later (ms): one question for many people. */
const STOP_CHECK_MS = 2_000;
/** The question reads everybody: of a million people it is asked once in 100 s. */
const STOP_CHECK_MS_PER_PERSON = 0.1;
/** People of a run are forgotten after this long (ms), 400 days: a year can be compared with the one before. */
const KEEP_MS = 400 * 86_400_000;
const DAY_MS = 86_400_000;
/** People, or aliases, of one page of a backup: some 300 KB. */
export const BACKUP_ROWS = 2_000;
/** Addresses of pages that are remembered: enough to recognise one's own. */
const PAGES = 20;

/**
 * Who saw one flag's test and who wanted it: one per project, environment and flag. One object and not shards by person,
 * because what it has to notice, too many people of one network, shows only where all people of the test come together.
 */
export class TestLedger extends DurableBase {
  protected readonly methods = new Set([
    "door",
    "record",
    "recordAll",
    "sighted",
    "pages",
    "cells",
    "forget",
    "clear",
    "backupPage",
    "restorePart",
  ]);
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  #ready = false;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.#env = env;
    this.#storage = state.storage;
    this.#sql = state.storage.sql;
    if (this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'").toArray().length > 0) this.#prepare();
  }

  /** Not before something is to be kept: asking leaves no trace. */
  #prepare(): void {
    if (this.#ready) return;
    migrate(this.#storage, TEST_LEDGER_MIGRATIONS);
    this.#ready = true;
  }

  /** Where a person stands with the door of a run. */
  door(run: number, unit: string, user?: string): DoorState {
    if (!this.#ready) return "new";
    return this.#stateOf(run, (user && this.#known(user)) || this.#known(unit) || unit);
  }

  /** Counts a person's first sight or click; repeated, it changes nothing. */
  record(event: DoorEvent): DoorState {
    this.#prepare();
    return this.#storage.transactionSync(() => {
      const { run, action, at, settings, project, environment, flag } = event;
      this.#sql.exec(
        "INSERT INTO run (run, project, environment, flag, settings) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run) DO NOTHING",
        run,
        project,
        environment,
        flag,
        JSON.stringify(settings),
      );
      const unit = this.#personOf(event);
      const before = this.#stateOf(run, unit);
      if (before === "clicked" || (before === "seen" && action === "seen")) return before;
      if (before === "new") {
        const { n } = this.#sql
          .exec<{ n: number }>("SELECT count(*) AS n FROM person WHERE run = ? AND network = ?", run, event.network)
          .one();
        this.#sql.exec(
          "INSERT INTO person (run, unit, first_seen, country, device, network, doubts) VALUES (?, ?, ?, ?, ?, ?, ?)",
          run,
          unit,
          at,
          event.country,
          event.device,
          event.network,
          doubtsOf({ ...event, networkPeople: n, networkCap: settings.networkCap }),
        );
        this.#sql.exec("UPDATE run SET people = people + 1 WHERE run = ?", run);
      }
      if (action === "click") {
        const doubts = doubtsOf({ ...event, networkPeople: 0, networkCap: settings.networkCap });
        this.#sql.exec(
          "UPDATE person SET clicked_at = ?, doubts = doubts | ? WHERE run = ? AND unit = ?",
          at,
          doubts,
          run,
          unit,
        );
      }
      const { people } = this.#sql.exec<{ people: number }>("SELECT people FROM run WHERE run = ?", run).one();
      void this.#wakeBy(Date.now() + Math.max(STOP_CHECK_MS, people * STOP_CHECK_MS_PER_PERSON));
      return action === "click" ? "clicked" : "seen";
    });
  }

  /** Several at once, as servers report them. */
  recordAll(events: DoorEvent[]): void {
    for (const event of events) this.record(event);
  }

  #stateOf(run: number, unit: string): DoorState {
    const [row] = this.#sql.exec<{ clicked_at: number | null }>(
      "SELECT clicked_at FROM person WHERE run = ? AND unit = ?",
      run,
      unit,
    );
    return row === undefined ? "new" : row.clicked_at === null ? "seen" : "clicked";
  }

  #known(id: string): string | undefined {
    const [row] = this.#sql.exec<{ unit: string }>("SELECT unit FROM alias WHERE id = ?", id);
    return row?.unit;
  }

  /** One person for all browsers in which they signed in: what was counted of both so far becomes one. */
  #personOf({ unit: browser, user }: DoorEvent): string {
    const unit = this.#known(browser) ?? browser;
    if (!user) return unit;
    const first = this.#known(user);
    if (first === undefined) {
      this.#sql.exec("INSERT INTO alias (id, unit) VALUES (?, ?)", user, unit);
      return unit;
    }
    if (first === unit) return unit;
    this.#sql.exec("UPDATE alias SET unit = ? WHERE unit = ?", first, unit);
    this.#sql.exec("INSERT OR REPLACE INTO alias (id, unit) VALUES (?, ?)", browser, first);
    this.#sql.exec(
      `INSERT INTO person (run, unit, first_seen, clicked_at, country, device, network, doubts)
         SELECT run, ?1, first_seen, clicked_at, country, device, network, doubts FROM person WHERE unit = ?2
       ON CONFLICT (run, unit) DO UPDATE SET
         first_seen = min(first_seen, excluded.first_seen),
         clicked_at = min(coalesce(clicked_at, excluded.clicked_at), coalesce(excluded.clicked_at, clicked_at)),
         doubts = doubts | excluded.doubts`,
      first,
      unit,
    );
    this.#sql.exec("DELETE FROM person WHERE unit = ?", unit);
    return first;
  }

  /** A page that carries the test's markup was opened. */
  sighted(origin: string, at: number): void {
    this.#prepare();
    this.#sql.exec("INSERT OR REPLACE INTO page (origin, at) VALUES (?, ?)", origin.slice(0, 300), at);
    this.#sql.exec("DELETE FROM page WHERE origin NOT IN (SELECT origin FROM page ORDER BY at DESC LIMIT ?)", PAGES);
  }

  pages(): { origin: string; at: string }[] {
    if (!this.#ready) return [];
    return this.#sql
      .exec<{ origin: string; at: number }>("SELECT origin, at FROM page ORDER BY at DESC")
      .toArray()
      .map(({ origin, at }) => ({ origin, at: new Date(at).toISOString() }));
  }

  /** The people of a run, counted by day, country, device, and whether they are believed and final at `asOf` (epoch ms). */
  cells(run: number, windowDays: number, asOf: number): DemandCell[] {
    if (!this.#ready) return [];
    type Stored = {
      day: string;
      country: string;
      device: string;
      doubtful: number;
      final: number;
      seen: number;
      clicked: number;
    };
    return this.#sql
      .exec<Stored>(
        `SELECT date(first_seen / 1000, 'unixepoch') AS day, country, device, doubts > 0 AS doubtful,
           first_seen <= ?2 - ?3 AS final, count(*) AS seen,
           sum(clicked_at IS NOT NULL AND clicked_at - first_seen <= ?3) AS clicked
         FROM person WHERE run = ?1 AND first_seen <= ?2 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
        run,
        asOf,
        windowDays * DAY_MS,
      )
      .toArray()
      .map(({ doubtful, final, ...cell }) => ({ ...cell, suspicious: doubtful === 1, final: final === 1 }));
  }

  /** Everything about one person, by the hash of a browser or of a user. */
  forget(id: string): void {
    if (!this.#ready) return;
    this.#storage.transactionSync(() => {
      const unit = this.#known(id) ?? id;
      this.#sql.exec("DELETE FROM person WHERE unit = ?", unit);
      this.#sql.exec("DELETE FROM alias WHERE id IN (?1, ?2) OR unit = ?1", unit, id);
    });
  }

  /** Everything: the test is deleted. */
  async clear(): Promise<void> {
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
    this.#ready = false;
  }

  /** What a backup holds of it: runs and pages first, then people, then who is whom. */
  backupPage(cursor: string | null): LedgerPage {
    const part: LedgerPart = { runs: [], pages: [], people: [], aliases: [] };
    if (!this.#ready) return { part, next: null };
    const [table = "run", ...from] = cursor?.split(":") ?? [];
    if (table === "alias") {
      part.aliases = [
        ...this.#sql
          .exec("SELECT id, unit FROM alias WHERE id > ? ORDER BY id LIMIT ?", from[0] ?? "", BACKUP_ROWS)
          .raw(),
      ] as LedgerPart["aliases"];
      const last = part.aliases.at(-1);
      return { part, next: last && part.aliases.length === BACKUP_ROWS ? `alias:${last[0]}` : null };
    }
    if (table === "run") {
      part.runs = [
        ...this.#sql.exec<LedgerPart["runs"][number]>("SELECT run, settings, stopped FROM run ORDER BY run"),
      ];
      part.pages = [...this.#sql.exec<LedgerPart["pages"][number]>("SELECT origin, at FROM page ORDER BY origin")];
    }
    part.people = [
      ...this.#sql
        .exec(
          `SELECT run, unit, first_seen, clicked_at, country, device, network, doubts FROM person
           WHERE (run, unit) > (?, ?) ORDER BY run, unit LIMIT ?`,
          Number(from[0] ?? -1),
          from[1] ?? "",
          BACKUP_ROWS,
        )
        .raw(),
    ] as LedgerPart["people"];
    const last = part.people.at(-1);
    return { part, next: last && part.people.length === BACKUP_ROWS ? `person:${last[0]}:${last[1]}` : "alias:" };
  }

  /**
   * Takes a part of a backup, in order; the first one empties the ledger. A part that was taken already, or belongs to
   * an older restore, changes nothing. Who comes in between counts with those who are put back.
   */
  restorePart(project: string, { environment, flag, epoch, index, part, last }: LedgerDelivery): boolean {
    this.#prepare();
    return this.#storage.transactionSync(() => {
      const [known] = this.#sql.exec<{ epoch: number; parts: number }>("SELECT epoch, parts FROM restored");
      if (known && epoch < known.epoch) return false;
      const due = known?.epoch === epoch ? known.parts : 0;
      if (index !== due) return false;
      if (index === 0) for (const table of ["run", "person", "alias", "page"]) this.#sql.exec(`DELETE FROM ${table}`);
      for (const { run, settings, stopped } of part.runs)
        this.#sql.exec(
          "INSERT INTO run (run, project, environment, flag, settings, stopped) VALUES (?, ?, ?, ?, ?, ?)",
          run,
          project,
          environment,
          flag,
          settings,
          stopped,
        );
      for (const { origin, at } of part.pages)
        this.#sql.exec("INSERT OR REPLACE INTO page (origin, at) VALUES (?, ?)", origin, at);
      for (const person of part.people)
        this.#sql.exec(
          `INSERT INTO person (run, unit, first_seen, clicked_at, country, device, network, doubts)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (run, unit) DO UPDATE SET first_seen = excluded.first_seen,
             clicked_at = coalesce(excluded.clicked_at, clicked_at), doubts = doubts | excluded.doubts`,
          ...person,
        );
      for (const alias of part.aliases)
        this.#sql.exec("INSERT OR REPLACE INTO alias (id, unit) VALUES (?, ?)", ...alias);
      if (last) this.#sql.exec("UPDATE run SET people = (SELECT count(*) FROM person WHERE person.run = run.run)");
      this.#sql.exec("DELETE FROM restored");
      this.#sql.exec("INSERT INTO restored (epoch, parts) VALUES (?, ?)", epoch, index + 1);
      void this.#wakeBy(Date.now() + STOP_CHECK_MS);
      return true;
    });
  }

  async alarm(): Promise<void> {
    if (!this.#ready) return;
    this.#sql.exec("DELETE FROM person WHERE first_seen < ?", Date.now() - KEEP_MS);
    type Run = { run: number; project: string; environment: string; flag: string; settings: string };
    const open = this.#sql.exec<Run>("SELECT * FROM run WHERE stopped = 0 ORDER BY run DESC LIMIT 1").toArray();
    for (const { run, project, environment, flag, settings } of open) {
      const reason = this.#stopReason(run, JSON.parse(settings) as DoorSettings);
      if (!reason) continue;
      const command = { type: "stopTest", environment, flag, reason, run } as const;
      const id = `test/${environment}/${flag}/${run}/${reason}`;
      const store = flagStore(this.#env, storedSlug(project));
      // Refused for good when the test is gone; unreachable, it throws, and the alarm comes back by itself.
      const result = await store.execute({ id, project, actor: STOP_RULE, comment: STOP_WORDS[reason], command });
      log({ event: "test-stopped", flag, reason, stopped: String(result.ok) });
      this.#sql.exec("UPDATE run SET stopped = 1 WHERE run = ?", run);
    }
    // Also when nobody comes any more, the day comes on which people are forgotten.
    const { oldest } = this.#sql.exec<{ oldest: number | null }>("SELECT min(first_seen) AS oldest FROM person").one();
    if (oldest !== null) await this.#wakeBy(oldest + KEEP_MS + 1);
  }

  #stopReason(run: number, settings: DoorSettings): "sample" | "decided" | null {
    const { demand, verdict } = demandReport(this.cells(run, settings.windowDays, Date.now()), settings.bar);
    if (demand.seen >= settings.targetPeople) return "sample";
    return settings.stopWhenDecided && (verdict === "wanted" || verdict === "unwanted") ? "decided" : null;
  }

  async #wakeBy(at: number): Promise<void> {
    const set = await this.#storage.getAlarm();
    if (set === null || set > at) await this.#storage.setAlarm(at);
  }
}

const STOP_WORDS = {
  sample: "As many people as planned have seen it",
  decided: "The interval lies on one side of the bar",
} as const;

export type TestLedgerMethods = Pick<
  TestLedger,
  "door" | "record" | "recordAll" | "sighted" | "pages" | "cells" | "forget" | "clear" | "backupPage" | "restorePart"
>;
