import { SPLIT_TOTAL } from "../../../../shared/limits.ts";
import type { ServedChange } from "../../../../shared/resilience/facts.ts";
import type { Actor } from "../../../../shared/schema/admin.ts";
import type { Cause } from "../../../../shared/schema/delivery.ts";
import type { FlagState } from "../../../../shared/schema/flag.ts";
import { shareOf } from "../decide/delivery.ts";
import type { Change } from "../entities.ts";

/** Changes that a review reads; older ones are left out of it. */
export const MOST_CHANGES = 1_000;
/** Bytes of the changes that it takes apart, all together, and of one change. An import's alone may be megabytes. */
const MOST_BYTES = 8_000_000;
const MOST_BYTES_OF_ONE = 100_000;

type Stored = {
  kind: ServedChange["kind"];
  flag: string;
  revision: number;
  at: number;
  cause: Cause;
  onset_at: number | null;
  confirmed_at: number | null;
  actor: string;
  action: string;
  bytes: number;
};

/** Actors that are people, or programs that act for one. */
const PEOPLE: ReadonlySet<Actor["type"]> = new Set(["admin", "token", "session"]);

/** What the flags serve when they are off. Changes of others are left out. */
export interface KnownOffVariants {
  offVariants: ReadonlyMap<string, string | null>;
}

/** What happened to the flags of one environment, from the delivery events and the audit rows behind them. Reads only. */
export class ServedChanges {
  readonly #sql: SqlStorage;
  readonly #known: KnownOffVariants;
  /** Bytes of changes that were taken apart. */
  bytesRead = 0;

  constructor(sql: SqlStorage, known: KnownOffVariants) {
    this.#sql = sql;
    this.#known = known;
  }

  /**
   * Newest first.
   *
   * @param after only changes of a higher revision
   */
  since(environment: string, from: number, after: number): { changes: ServedChange[]; complete: boolean } {
    const rows = this.#sql
      .exec<Stored>(
        `SELECT e.kind, e.flag, e.revision, e.at, e.cause, e.onset_at, e.confirmed_at, a.actor, a.action,
           octet_length(a.changes) AS bytes
         FROM delivery_event AS e JOIN audit AS a ON a.revision = e.revision
         WHERE e.environment = ? AND e.at >= ? AND e.revision > ? ORDER BY e.at DESC LIMIT ?`,
        environment,
        from,
        after,
        MOST_CHANGES + 1,
      )
      .toArray()
      // The index gives them by time; to sort by more would read them all.
      .sort((a, b) => b.at - a.at || b.revision - a.revision);
    const read = rows.slice(0, MOST_CHANGES).filter(({ flag }) => this.#known.offVariants.has(flag));
    const states = this.#statesOf(read);
    const changes = read.map((row) => this.#change(environment, row, states.get(row.revision)));
    return { changes: withReachBeforeKills(changes), complete: rows.length <= MOST_CHANGES };
  }

  /** Share of users whom a flag reached before a change of the environment, 0 to 1; null: not known. */
  reachBefore(environment: string, flag: string, revision: number): number | null {
    const [row] = this.#sql.exec<{ revision: number; kind: string; bytes: number }>(
      `SELECT e.revision, e.kind, octet_length(a.changes) AS bytes
       FROM delivery_event AS e JOIN audit AS a ON a.revision = e.revision
       WHERE e.environment = ? AND e.flag = ? AND e.revision < ? AND e.kind <> 'kill' ORDER BY e.revision DESC LIMIT 1`,
      environment,
      flag,
      revision,
    );
    if (!row || row.bytes > MOST_BYTES_OF_ONE) return null;
    const state = this.#changesIn(row.revision).find(
      (one) => one.entity === "state" && one.environment === environment && one.key === flag,
    );
    return state ? this.#share(flag, state.after as FlagState | null) : null;
  }

  #changesIn(revision: number): Change[] {
    const query = "SELECT changes FROM audit WHERE revision = ?";
    return JSON.parse(this.#sql.exec<{ changes: string }>(query, revision).one().changes);
  }

  #change(environment: string, row: Stored, changes: readonly Change[] | undefined): ServedChange {
    const { kind, flag, revision, at, cause, action } = row;
    const actor = JSON.parse(row.actor) as Actor;
    const state = changes?.find(
      (one) => one.entity === "state" && one.environment === environment && one.key === flag,
    ) as { before: FlagState | null; after: FlagState | null } | undefined;
    const isKill = kind === "kill";
    return {
      kind,
      revision,
      at,
      flag,
      by: actor.name,
      byPerson: PEOPLE.has(actor.type),
      from: state ? this.#share(flag, state.before) : null,
      to: isKill ? 0 : state ? this.#share(flag, state.after) : null,
      byPlan: action.endsWith("Plan"),
      cause,
      onsetAt: row.onset_at,
      confirmedAt: row.confirmed_at,
    };
  }

  /** Share of the users whom no rule singles out, 0 to 1. */
  #share(flag: string, state: FlagState | null): number {
    const offVariant = this.#known.offVariants.get(flag) ?? null;
    return state ? shareOf(state, { offVariant }) / SPLIT_TOTAL : 0;
  }

  /** By revision; those that are too large, alone or together, are left out. */
  #statesOf(rows: readonly Stored[]): Map<number, Change[]> {
    const states = new Map<number, Change[]>();
    let left = MOST_BYTES;
    for (const { kind, revision, bytes } of rows) {
      if (kind === "kill" || states.has(revision) || bytes > MOST_BYTES_OF_ONE || bytes > left) continue;
      left -= bytes;
      states.set(revision, this.#changesIn(revision));
    }
    this.bytesRead += MOST_BYTES - left;
    return states;
  }
}

/** A kill changes no state: until then its flag reached what the change before it had made. */
function withReachBeforeKills(changes: readonly ServedChange[]): ServedChange[] {
  const reached = new Map<string, number | null>();
  const told: ServedChange[] = [];
  for (const change of [...changes].reverse()) {
    const { kind, flag } = change;
    told.push(kind === "kill" ? { ...change, from: reached.get(flag) ?? null } : change);
    // After a restore it reaches as many as before the kill.
    if (kind !== "kill") reached.set(flag, change.to);
  }
  return told.reverse();
}
