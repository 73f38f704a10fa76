import { type DemandCell, demandReport } from "../../../shared/demand/demand.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { LedgerPart } from "../../../shared/schema/backup.ts";
import { storedSlug } from "../../../shared/schema/names.ts";
import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { STOP_RULE } from "../flag-store/timed-work.ts";
import { rearm, runSteps } from "../kernel/alarm.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { migrate } from "../kernel/migrations.ts";
import { flagStore } from "../stubs.ts";
import { type DoorSettings, doubtsOf } from "./door-doubts.ts";
import type { LedgerDelivery, LedgerPage } from "./ledger-backup.ts";
import type { DoorEvent, DoorState, Standing, TestLedgerMethods } from "./methods.ts";
import { TEST_LEDGER_MIGRATIONS } from "./migrations.ts";
import { pageOrigin } from "./page-origin.ts";
import { RememberedCells } from "./remembered-cells.ts";

/** What is stored of one browser in one run. */
type Person = {
  network: string;
  doubts: number;
  clicked_at: number | null;
  click_doubts: number;
  click_network: string;
};

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
const HOUR_MS = 3_600_000;

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

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.#env = env;
    this.#storage = state.storage;
    this.#sql = state.storage.sql;
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
  standing(run: number, { unit, owner, network }: Standing): DoorState {
    if (!this.#ready) return "new";
    if (owner === undefined) {
      const person = this.#personOf(run, unit);
      return person ? stateOf(person, network) : "new";
    }
    const people = this.#sql
      .exec<Person>(
        `SELECT network, doubts, clicked_at, click_doubts, click_network FROM person
         WHERE run = ?1 AND (unit = ?2 OR unit IN (SELECT id FROM alias WHERE unit = ?2))`,
        run,
        this.#joinedTo(owner) ?? owner,
      )
      .toArray();
    if (people.length === 0) return "new";
    return people.some((person) => stateOf(person, network) === "clicked") ? "clicked" : "seen";
  }

  /**
   * Counts a person's first sight or click; repeated, it changes nothing. Anybody can send an event for an id that they
   * know, so doubtful events change nothing about somebody who is believed, and an event that is believed outweighs
   * doubtful ones that came before it.
   */
  record(event: DoorEvent): DoorState {
    this.#prepare();
    return this.#storage.transactionSync(() => {
      const { run, unit, action, at, settings, project, environment, flag, network, owner } = event;
      this.#sql.exec(
        "INSERT INTO run (run, project, environment, flag, settings) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run) DO NOTHING",
        run,
        project,
        environment,
        flag,
        JSON.stringify(settings),
      );
      if (owner !== undefined) this.#join(unit, owner);
      const known = this.#personOf(run, unit);
      const doubts = doubtsOf({ ...event, ...this.#crowd(event, known) });
      const isBelieved = doubts === 0;
      if (!known) {
        if (this.#isFull(run, isBelieved)) {
          this.#sql.exec("UPDATE run SET refused = refused + 1 WHERE run = ?", run);
          return "new";
        }
        this.#sql.exec(
          "INSERT INTO person (run, unit, first_seen, country, device, network, doubts) VALUES (?, ?, ?, ?, ?, ?, ?)",
          run,
          unit,
          at,
          event.country,
          event.device,
          network,
          doubts,
        );
        this.#sql.exec(
          "UPDATE run SET people = people + 1, doubtful = doubtful + ? WHERE run = ?",
          isBelieved ? 0 : 1,
          run,
        );
      } else if (known.doubts > 0 && isBelieved) {
        // As if this person came only now: what was doubtful may have been somebody else.
        this.#sql.exec(
          `UPDATE person SET first_seen = ?, clicked_at = NULL, country = ?, device = ?, network = ?, doubts = 0,
             click_doubts = 0, click_network = '' WHERE run = ? AND unit = ?`,
          at,
          event.country,
          event.device,
          network,
          run,
          unit,
        );
        this.#sql.exec("UPDATE run SET doubtful = max(0, doubtful - 1) WHERE run = ?", run);
      } else if (action === "seen" || (known.clicked_at !== null && (known.click_doubts === 0 || !isBelieved))) {
        return stateOf(known, network);
      }
      if (action === "click")
        this.#sql.exec(
          "UPDATE person SET clicked_at = ?, click_doubts = ?, click_network = ? WHERE run = ? AND unit = ?",
          at,
          doubts,
          network,
          run,
          unit,
        );
      const { people } = this.#sql.exec<{ people: number }>("SELECT people FROM run WHERE run = ?", run).one();
      void this.#wakeBy(Date.now() + Math.max(STOP_CHECK_MS, people * STOP_CHECK_MS_PER_PERSON));
      return action === "click" ? "clicked" : "seen";
    });
  }

  /** Several at once, as servers report them. */
  recordAll(events: DoorEvent[]): void {
    for (const event of events) this.record(event);
  }

  /**
   * Says whose browser this is, on a server's word; null undoes it. Rows stay one for each browser, and people are
   * joined when they are counted, so that nothing is lost by a join and an undone one leaves the counts as they were.
   */
  join(unit: string, owner: string | null): void {
    this.#prepare();
    this.#storage.transactionSync(() => this.#join(unit, owner));
    this.#remembered.clear();
  }

  /** Events of a run that were counted here and not stored, because it holds as many people as it may. */
  refused(run: number): number {
    if (!this.#ready) return 0;
    return this.#sql.exec<{ refused: number }>("SELECT refused FROM run WHERE run = ?", run).toArray()[0]?.refused ?? 0;
  }

  #personOf(run: number, unit: string): Person | undefined {
    return this.#sql
      .exec<Person>(
        "SELECT network, doubts, clicked_at, click_doubts, click_network FROM person WHERE run = ? AND unit = ?",
        run,
        unit,
      )
      .toArray()[0];
  }

  /**
   * How many people of the event's network are believed already. Only they use its cap up: bots and hasty clicks leave
   * room for people. Clicks of people who were first seen elsewhere have a cap of the same size of their own.
   */
  #crowd({ run, network, settings }: DoorEvent, known: Person | undefined) {
    const { networkCap } = settings;
    const isBelieved = known?.doubts === 0;
    if (isBelieved && known.network === network) return { networkPeople: 0, networkCap };
    const where = isBelieved ? "click_network = ?2 AND network <> ?2 AND click_doubts = 0" : "network = ?2";
    const { n } = this.#sql
      .exec<{ n: number }>(
        `SELECT count(*) AS n FROM (SELECT 1 FROM person WHERE run = ?1 AND doubts = 0 AND ${where} LIMIT ?3)`,
        run,
        network,
        networkCap,
      )
      .one();
    return { networkPeople: n, networkCap };
  }

  /** Doubtful people have a room of their own, so that made-up ones keep nobody out. */
  #isFull(run: number, isBelieved: boolean): boolean {
    const { people, doubtful } = this.#sql
      .exec<{ people: number; doubtful: number }>("SELECT people, doubtful FROM run WHERE run = ?", run)
      .one();
    return isBelieved ? people - doubtful >= LIMITS.doorPeoplePerRun : doubtful >= LIMITS.doorDoubtfulPerRun;
  }

  /** The name under which a browser's, or a user's, browsers are joined. */
  #joinedTo(id: string): string | undefined {
    return this.#sql.exec<{ unit: string }>("SELECT unit FROM alias WHERE id = ?", id).toArray()[0]?.unit;
  }

  #join(unit: string, owner: string | null): void {
    const group = owner === null ? null : (this.#joinedTo(owner) ?? owner);
    // Versions before this one named a user's browsers by the first of them.
    if (group === unit || (group !== null && this.#joinedTo(unit) === group)) return;
    this.#sql.exec("DELETE FROM alias WHERE id = ?", unit);
    const { heir } = this.#sql
      .exec<{ heir: string | null }>("SELECT min(id) AS heir FROM alias WHERE unit = ?", unit)
      .one();
    // The others stay together, under another name, when the browser they were named by leaves.
    if (heir !== null) this.#sql.exec("UPDATE alias SET unit = ? WHERE unit = ?", heir, unit);
    if (group !== null) this.#sql.exec("INSERT INTO alias (id, unit) VALUES (?, ?)", unit, group);
  }

  /**
   * A page that carries the test's markup was opened. Anybody can claim any origin, so only what an address bar can show
   * is kept, and only so many new ones in an hour: real pages are opened again and again, and stay.
   */
  sighted(origin: string, at: number): void {
    const page = pageOrigin(origin);
    if (page === null) return;
    this.#prepare();
    this.#storage.transactionSync(() => {
      if (this.#sql.exec("UPDATE page SET at = ? WHERE origin = ?", at, page).rowsWritten > 0) return;
      const hour = Math.floor(Date.now() / HOUR_MS);
      this.#sql.exec("DELETE FROM page_hour WHERE hour <> ?", hour);
      const [added] = this.#sql.exec<{ added: number }>("SELECT added FROM page_hour");
      if ((added?.added ?? 0) >= LIMITS.doorPagesPerHour) return;
      this.#sql.exec(
        "INSERT INTO page_hour (hour, added) VALUES (?, 1) ON CONFLICT (hour) DO UPDATE SET added = added + 1",
        hour,
      );
      this.#sql.exec("INSERT INTO page (origin, at) VALUES (?, ?)", page, at);
      this.#sql.exec("DELETE FROM page WHERE origin NOT IN (SELECT origin FROM page ORDER BY at DESC LIMIT ?)", PAGES);
    });
  }

  /** Versions before this one stored whatever was sent: what is no page's origin is not shown. */
  pages(): { origin: string; at: string }[] {
    if (!this.#ready) return [];
    return this.#sql
      .exec<{ origin: string; at: number }>("SELECT origin, at FROM page ORDER BY at DESC")
      .toArray()
      .filter(({ origin }) => pageOrigin(origin) === origin)
      .map(({ origin, at }) => ({ origin, at: new Date(at).toISOString() }));
  }

  /** The people of a run, counted by day, country, device, and whether they are believed and final at `asOf` (epoch ms). */
  cells(run: number, windowDays: number, asOf: number): DemandCell[] {
    if (!this.#ready) return [];
    const [known] = this.#sql.exec<{ people: number }>("SELECT people FROM run WHERE run = ?", run);
    const counted = () => this.#counted(run, windowDays, asOf);
    return this.#remembered.cells(run, windowDays, asOf, known?.people ?? 0, counted);
  }

  #counted(run: number, windowDays: number, asOf: number): DemandCell[] {
    type Stored = {
      day: string;
      country: string;
      device: string;
      doubtful: number;
      final: number;
      seen: number;
      clicked: number;
      doubted: number;
    };
    return this.#sql
      .exec<Stored>(
        `${PEOPLE_OF_A_RUN}
         SELECT date(first_seen / 1000, 'unixepoch') AS day, country, device, doubtful, first_seen <= ?2 - ?3 AS final,
           count(*) AS seen,
           sum(iif(doubtful, clicked, believed) - first_seen <= ?3) AS clicked,
           sum(NOT doubtful AND clicked - first_seen <= ?3 AND coalesce(believed - first_seen > ?3, 1)) AS doubted
         FROM people GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
        run,
        asOf,
        windowDays * DAY_MS,
      )
      .toArray()
      .flatMap(({ doubtful, final, clicked, doubted, ...counted }) => {
        const cell = { ...counted, clicked: clicked ?? 0, suspicious: doubtful === 1, final: final === 1 };
        // Doubtful clicks for people who are believed are counted apart from them.
        return doubted > 0 ? [cell, { ...cell, seen: 0, clicked: doubted, suspicious: true }] : [cell];
      });
  }

  /** Everything about one person, by the hash of a browser or of a user. */
  forget(id: string): void {
    if (!this.#ready) return;
    this.#storage.transactionSync(() => {
      const group = this.#joinedTo(id) ?? id;
      this.#sql.exec(
        "DELETE FROM person WHERE unit IN (?1, ?2) OR unit IN (SELECT id FROM alias WHERE unit = ?1)",
        group,
        id,
      );
      this.#sql.exec("DELETE FROM alias WHERE id IN (?1, ?2) OR unit = ?1", group, id);
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
    const { demand, verdict } = demandReport(this.#counted(run, settings.windowDays, Date.now()), settings.bar);
    if (demand.seen >= settings.targetPeople) return "sample";
    return settings.stopWhenDecided && (verdict === "wanted" || verdict === "unwanted") ? "decided" : null;
  }

  async #wakeBy(at: number): Promise<void> {
    const set = await this.#storage.getAlarm();
    if (set === null || set > at) await this.#storage.setAlarm(at);
  }
}

function stateOf(person: Person, network: string | undefined): DoorState {
  const { clicked_at, doubts, click_doubts, click_network } = person;
  if (clicked_at === null) return "seen";
  // Clicks of before this version do not say where they came from.
  const isOwn = click_network === "" || click_network === network;
  return isOwn || (doubts === 0 && click_doubts === 0) ? "clicked" : "seen";
}

/**
 * The people of run ?1 who came by ?2, browsers of one user being one person: first sight, any click, and the first one
 * that is believed. Of a person who is believed with one browser, doubtful ones change neither sight nor click.
 */
const PEOPLE_OF_A_RUN = `
  WITH browser AS (
    SELECT person.*, alias.unit AS joined, iif(doubts = 0 AND click_doubts = 0, clicked_at, NULL) AS believed_click
    FROM person LEFT JOIN alias ON alias.id = person.unit WHERE run = ?1 AND first_seen <= ?2
  ), shared AS (
    SELECT first_seen, country, device, doubts > 0 AS doubtful, min(clicked_at) OVER one AS clicked,
      min(believed_click) OVER one AS believed,
      row_number() OVER (one ORDER BY doubts > 0, first_seen, unit) AS place
    FROM browser WHERE joined IS NOT NULL OR unit IN (SELECT unit FROM alias)
    WINDOW one AS (PARTITION BY coalesce(joined, unit))
  ), people AS (
    SELECT first_seen, country, device, doubts > 0 AS doubtful, clicked_at AS clicked, believed_click AS believed
    FROM browser WHERE joined IS NULL AND unit NOT IN (SELECT unit FROM alias)
    UNION ALL SELECT first_seen, country, device, doubtful, clicked, believed FROM shared WHERE place = 1
  )`;

const STOP_WORDS = {
  sample: "As many people as planned have seen it",
  decided: "The interval lies on one side of the bar",
} as const;
