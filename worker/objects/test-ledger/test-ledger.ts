import { type DemandCell, demandReport } from "../../../shared/demand/demand.ts";
import type { LedgerPart } from "../../../shared/schema/backup.ts";
import { storedSlug } from "../../../shared/schema/names.ts";
import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { STOP_RULE } from "../flag-store/timed-work.ts";
import { rearm, runSteps } from "../kernel/alarm.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { migrate } from "../kernel/migrations.ts";
import { flagStore } from "../stubs.ts";
import { countPeople } from "./count-people.ts";
import type { DoorSettings } from "./door-doubts.ts";
import { DoorPages } from "./door-pages.ts";
import { DoorPeople } from "./door-people.ts";
import type { LedgerDelivery, LedgerPage } from "./ledger-backup.ts";
import type { DoorEvent, DoorState, Standing, TestLedgerMethods } from "./methods.ts";
import { TEST_LEDGER_MIGRATIONS } from "./migrations.ts";
import { pageOrigin } from "./page-origin.ts";
import { RememberedCells } from "./remembered-cells.ts";

/** After new people came, whether the test is over is asked this much later (ms): one question for many people. */
const STOP_CHECK_MS = 2_000;
/** The question reads everybody: of a million people it is asked once in 100 s. */
const STOP_CHECK_MS_PER_PERSON = 0.1;
/** People of a run are forgotten after this long (ms), 400 days: a year can be compared with the one before. */
const KEEP_MS = 400 * 86_400_000;
/** People, or aliases, of one page of a backup: some 300 KB. */
export const BACKUP_ROWS = 2_000;

/**
 * Who saw one flag's test and who wanted it: one per project, environment and flag. One object and not shards by person,
 * because what it has to notice, too many people of one network, shows only where all people of the test come together.
 */
export class TestLedger extends DurableBase implements TestLedgerMethods {
  protected readonly methods = new Set<keyof TestLedgerMethods>([
    "door",
    "standing",
    "join",
    "refused",
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
  readonly #remembered = new RememberedCells();
  readonly #people: DoorPeople;
  readonly #pages: DoorPages;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.#env = env;
    this.#storage = state.storage;
    this.#sql = state.storage.sql;
    this.#people = new DoorPeople(this.#sql);
    this.#pages = new DoorPages(this.#sql);
    if (this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'").toArray().length === 0) return;
    this.#prepare();
    rearm(this.#storage, () => this.#wakeAnew());
  }

  /** Looks again at a run that may be over; without one, only forgets people when their day comes. */
  async #wakeAnew(): Promise<void> {
    const open = this.#sql.exec("SELECT 1 FROM run WHERE stopped = 0 LIMIT 1").toArray().length > 0;
    if (open) await this.#wakeBy(Date.now() + STOP_CHECK_MS);
    await this.#wakeToForget();
  }

  /** Not before something is to be kept: asking leaves no trace. */
  #prepare(): void {
    if (this.#ready) return;
    migrate(this.#storage, TEST_LEDGER_MIGRATIONS);
    this.#ready = true;
  }

  /** Where a browser stands with the door of a run, as edges of before this version ask. */
  door(run: number, unit: string): DoorState {
    return this.standing(run, { unit });
  }

  /** Where a browser, or a user whom a server names, stands with the door of a run. */
  standing(run: number, who: Standing): DoorState {
    return this.#ready ? this.#people.standing(run, who) : "new";
  }

  /** Counts a person's first sight or click; repeated, it changes nothing. */
  record(event: DoorEvent): DoorState {
    this.#prepare();
    return this.#storage.transactionSync(() => {
      const { state, isNews } = this.#people.record(event);
      if (isNews) {
        const query = "SELECT people FROM run WHERE run = ?";
        const { people } = this.#sql.exec<{ people: number }>(query, event.run).one();
        void this.#wakeBy(Date.now() + Math.max(STOP_CHECK_MS, people * STOP_CHECK_MS_PER_PERSON));
      }
      return state;
    });
  }

  /** Several at once, as servers report them. */
  recordAll(events: DoorEvent[]): void {
    for (const event of events) this.record(event);
  }

  /** Says whose browser this is, on a server's word; null undoes it. */
  join(unit: string, owner: string | null): void {
    this.#prepare();
    this.#storage.transactionSync(() => this.#people.join(unit, owner));
    this.#remembered.clear();
  }

  /** Events of a run that were counted here and not stored, because it holds as many people as it may. */
  refused(run: number): number {
    if (!this.#ready) return 0;
    return this.#sql.exec<{ refused: number }>("SELECT refused FROM run WHERE run = ?", run).toArray()[0]?.refused ?? 0;
  }

  /** A page that carries the test's markup was opened; only what an address bar can show is kept. */
  sighted(origin: string, at: number): void {
    const page = pageOrigin(origin);
    if (page === null) return;
    this.#prepare();
    this.#storage.transactionSync(() => this.#pages.sighted(page, at));
  }

  pages(): { origin: string; at: string }[] {
    return this.#ready ? this.#pages.list() : [];
  }

  /** The people of a run, counted by day, country, device, and whether they are believed and final at `asOf` (epoch ms). */
  cells(run: number, windowDays: number, asOf: number): DemandCell[] {
    if (!this.#ready) return [];
    const [known] = this.#sql.exec<{ people: number }>("SELECT people FROM run WHERE run = ?", run);
    const counted = () => countPeople(this.#sql, run, windowDays, asOf);
    return this.#remembered.cells(run, windowDays, asOf, known?.people ?? 0, counted);
  }

  /** Everything about one person, by the hash of a browser or of a user. */
  forget(id: string): void {
    if (!this.#ready) return;
    this.#storage.transactionSync(() => {
      this.#people.forget(id);
      this.#count();
    });
  }

  #count(): void {
    this.#remembered.clear();
    this.#sql.exec(`UPDATE run SET people = (SELECT count(*) FROM person WHERE person.run = run.run),
      doubtful = (SELECT count(*) FROM person WHERE person.run = run.run AND doubts > 0)`);
  }

  /** Everything: the test is deleted. */
  async clear(): Promise<void> {
    await this.#storage.deleteAlarm();
    await this.#storage.deleteAll();
    this.#remembered.clear();
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
          `SELECT run, unit, first_seen, clicked_at, country, device, network, doubts, click_doubts, click_network
           FROM person WHERE (run, unit) > (?, ?) ORDER BY run, unit LIMIT ?`,
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
    this.#remembered.clear();
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
      for (const [...person] of part.people)
        this.#sql.exec(
          `INSERT INTO person (run, unit, first_seen, clicked_at, country, device, network, doubts, click_doubts, click_network)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (run, unit) DO UPDATE SET first_seen = excluded.first_seen,
             clicked_at = coalesce(excluded.clicked_at, clicked_at), country = excluded.country, device = excluded.device,
             network = excluded.network, doubts = excluded.doubts,
             click_doubts = iif(excluded.clicked_at IS NULL, click_doubts, excluded.click_doubts),
             click_network = iif(excluded.clicked_at IS NULL, click_network, excluded.click_network)`,
          ...person.slice(0, 8),
          person[8] ?? 0,
          person[9] ?? "",
        );
      for (const alias of part.aliases)
        this.#sql.exec("INSERT OR REPLACE INTO alias (id, unit) VALUES (?, ?)", ...alias);
      if (last) this.#count();
      this.#sql.exec("DELETE FROM restored");
      this.#sql.exec("INSERT INTO restored (epoch, parts) VALUES (?, ?)", epoch, index + 1);
      void this.#wakeBy(Date.now() + STOP_CHECK_MS);
      return true;
    });
  }

  async alarm(): Promise<void> {
    if (!this.#ready) return;
    const earliest = await runSteps({
      forget: () => {
        const { rowsWritten } = this.#sql.exec("DELETE FROM person WHERE first_seen < ?", Date.now() - KEEP_MS);
        if (rowsWritten > 0) this.#count();
      },
      stop: () => this.#stopDue(),
    });
    // A store out of reach is asked again for as long as it takes.
    if (earliest > Date.now()) await this.#wakeBy(earliest);
    await this.#wakeToForget(earliest);
  }

  async #stopDue(): Promise<void> {
    type Run = { run: number; project: string; environment: string; flag: string; settings: string };
    const open = this.#sql.exec<Run>("SELECT * FROM run WHERE stopped = 0 ORDER BY run DESC LIMIT 1").toArray();
    for (const { run, project, environment, flag, settings } of open) {
      const reason = this.#stopReason(run, JSON.parse(settings) as DoorSettings);
      if (!reason) continue;
      const command = { type: "stopTest", environment, flag, reason, run } as const;
      const id = `test/${environment}/${flag}/${run}/${reason}`;
      const store = flagStore(this.#env, storedSlug(project));
      // Refused for good when the test is gone; unreachable, it throws, and the alarm comes again.
      const result = await store.execute({ id, project, actor: STOP_RULE, comment: STOP_WORDS[reason], command });
      log({ event: "test-stopped", flag, reason, stopped: String(result.ok) });
      this.#sql.exec("UPDATE run SET stopped = 1 WHERE run = ?", run);
    }
  }

  /** Also when nobody comes any more, the day comes on which people are forgotten. */
  async #wakeToForget(earliest = Date.now()): Promise<void> {
    const { oldest } = this.#sql.exec<{ oldest: number | null }>("SELECT min(first_seen) AS oldest FROM person").one();
    if (oldest !== null) await this.#wakeBy(Math.max(oldest + KEEP_MS + 1, earliest));
  }

  #stopReason(run: number, settings: DoorSettings): "sample" | "decided" | null {
    const { demand, verdict } = demandReport(
      countPeople(this.#sql, run, settings.windowDays, Date.now()),
      settings.bar,
    );
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
