import type { FlagEvent } from "../../../shared/delivery/dora.ts";
import { type CentreServed, firstServedOf } from "../../../shared/delivery/first-served.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { DeliveryEvent } from "./decide/delivery.ts";

/** A data centre that first serves a kill within this time (ms) was awake when it came; later ones had been asleep. */
const AWAKE_MS = 60_000;
/** Confirmations of older events than this (ms) are not looked for any more. */
const SETTLED_MS = 10 * 60_000;

type Stored = {
  kind: DeliveryEvent["kind"];
  flag: string;
  revision: number;
  at: number;
  cause: FlagEvent["cause"];
  onset_at: number | null;
  confirmed_at: number | null;
};

/** When a kill or a rollback was confirmed off (epoch ms). */
export type Confirmation = { environment: string; flag: string; revision: number; confirmed_at: number };

/** Releases, kills and rollbacks of every flag, for the delivery figures. Follows from the audit but for confirmations. */
export class DeliveryLog {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** In the transaction of the audit row. What a guard takes back began to go wrong, at the earliest, with its stage. */
  note(event: DeliveryEvent): void {
    const { kind, environment, flag, revision, at, cause } = event;
    const takenBack = kind === "kill" || kind === "rollback";
    const onset = event.onsetAt ?? (takenBack && cause === "guard" ? this.#stageOf(environment, flag, at) : null);
    this.#sql.exec(
      `INSERT OR IGNORE INTO delivery_event (environment, flag, revision, kind, cause, at, onset_at, confirmed_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`,
      environment,
      flag,
      revision,
      kind,
      cause,
      at,
      onset,
    );
  }

  #stageOf(environment: string, flag: string, at: number): number | null {
    const [row] = this.#sql.exec<{ at: number | null }>(
      "SELECT max(at) AS at FROM delivery_event WHERE environment = ? AND flag = ? AND kind IN ('release', 'step') AND at <= ?",
      environment,
      flag,
      at,
    );
    return row?.at ?? null;
  }

  /**
   * After reports of data centres: a flag is confirmed off when the last one that was awake serves it so. Writes what
   * was not known.
   */
  confirm(served: readonly CentreServed[], epoch: number, now: number): void {
    const recent = this.#sql.exec<Stored & { environment: string }>(
      "SELECT * FROM delivery_event WHERE at > ? AND kind IN ('kill', 'rollback')",
      now - SETTLED_MS,
    );
    for (const { environment, flag, revision, kind, at, confirmed_at } of [...recent]) {
      const change = { environment, revision, committedAt: at, isKill: kind === "kill" };
      const awake = [...firstServedOf(change, epoch, served).values()].filter((first) => first <= at + AWAKE_MS);
      const confirmed = Math.max(...awake);
      if (awake.length === 0 || confirmed <= (confirmed_at ?? 0)) continue;
      this.putConfirmation({ environment, flag, revision, confirmed_at: confirmed });
    }
  }

  /** Of an environment, from `since` (epoch ms) on, oldest first; without a plan's further stages. */
  events(environment: string, since: number): FlagEvent[] {
    const rows = this.#sql.exec<Stored>(
      `SELECT kind, flag, revision, at, cause, onset_at, confirmed_at FROM delivery_event
       WHERE environment = ? AND at >= ? AND kind <> 'step' ORDER BY at, revision`,
      environment,
      since,
    );
    return [...rows].map((row) => ({
      kind: row.kind as FlagEvent["kind"],
      flag: row.flag,
      revision: row.revision,
      at: row.at,
      cause: row.cause,
      onsetAt: row.onset_at,
      confirmedAt: row.confirmed_at,
    }));
  }

  /** What a rebuild from the audit cannot know: see `confirm`. */
  confirmations(): Confirmation[] {
    return this.#sql
      .exec<Confirmation>(
        "SELECT environment, flag, revision, confirmed_at FROM delivery_event WHERE confirmed_at IS NOT NULL ORDER BY environment, flag, revision",
      )
      .toArray();
  }

  putConfirmation({ environment, flag, revision, confirmed_at }: Confirmation): void {
    this.#sql.exec(
      "UPDATE delivery_event SET confirmed_at = ? WHERE environment = ? AND flag = ? AND revision = ?",
      confirmed_at,
      environment,
      flag,
      revision,
    );
  }

  forget(now: number): void {
    this.#sql.exec("DELETE FROM delivery_event WHERE at < ?", now - LIMITS.deploymentKeepMs);
  }

  /** One that is gone leaves nothing to another of its name. */
  forgetEnvironment(environment: string): void {
    this.#sql.exec("DELETE FROM delivery_event WHERE environment = ?", environment);
  }

  clear(): void {
    this.#sql.exec("DELETE FROM delivery_event");
  }
}
