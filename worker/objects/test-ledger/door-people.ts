import { LIMITS } from "../../../shared/limits.ts";
import { doubtsOf } from "./door-doubts.ts";
import type { DoorEvent, DoorState, Standing } from "./methods.ts";

/** What is stored of one browser in one run. */
type Person = {
  network: string;
  doubts: number;
  clicked_at: number | null;
  click_doubts: number;
  click_network: string;
};

/** Who saw a door and who clicked, one row for each browser, and whose browsers they are. */
export class DoorPeople {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Where a browser, or a user whom a server names, stands with the door of a run. */
  standing(run: number, { unit, owner, network }: Standing): DoorState {
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
   * doubtful ones that came before it. Within a transaction.
   *
   * @returns where the browser stands, and whether anything was counted
   */
  record(event: DoorEvent): { state: DoorState; isNews: boolean } {
    const { run, unit, action, at, settings, project, environment, flag, network, owner } = event;
    this.#sql.exec(
      "INSERT INTO run (run, project, environment, flag, settings) VALUES (?, ?, ?, ?, ?) ON CONFLICT (run) DO NOTHING",
      run,
      project,
      environment,
      flag,
      JSON.stringify(settings),
    );
    if (owner !== undefined) this.join(unit, owner);
    const known = this.#personOf(run, unit);
    const doubts = doubtsOf({ ...event, ...this.#crowd(event, known) });
    const isBelieved = doubts === 0;
    if (!known) {
      if (this.#isFull(run, isBelieved)) {
        this.#sql.exec("UPDATE run SET refused = refused + 1 WHERE run = ?", run);
        return { state: "new", isNews: false };
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
      return { state: stateOf(known, network), isNews: false };
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
    return { state: action === "click" ? "clicked" : "seen", isNews: true };
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

  /**
   * Says whose browser this is, on a server's word; null undoes it. Rows stay one for each browser, and people are
   * joined when they are counted, so that nothing is lost by a join and an undone one leaves the counts as they were.
   * Within a transaction.
   */
  join(unit: string, owner: string | null): void {
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

  /** Everything about one person, by the hash of a browser or of a user. Within a transaction. */
  forget(id: string): void {
    const group = this.#joinedTo(id) ?? id;
    this.#sql.exec(
      "DELETE FROM person WHERE unit IN (?1, ?2) OR unit IN (SELECT id FROM alias WHERE unit = ?1)",
      group,
      id,
    );
    this.#sql.exec("DELETE FROM alias WHERE id IN (?1, ?2) OR unit = ?1", group, id);
  }
}

function stateOf(person: Person, network: string | undefined): DoorState {
  const { clicked_at, doubts, click_doubts, click_network } = person;
  if (clicked_at === null) return "seen";
  // Clicks of before this version do not say where they came from.
  const isOwn = click_network === "" || click_network === network;
  return isOwn || (doubts === 0 && click_doubts === 0) ? "clicked" : "seen";
}
