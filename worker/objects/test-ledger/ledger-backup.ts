import type { BackupRow, LedgerPart } from "../../../shared/schema/backup.ts";
import { log } from "../../log.ts";
import { within } from "../../within.ts";
import { backoff } from "../kernel/outbox.ts";

/** A ledger writes a part to its own SQLite and answers; longer counts as failed (ms). */
const LEDGER_TIMEOUT_MS = 10_000;

export type LedgerRow = Extract<BackupRow, { row: "ledger" }>;

/** A fake door whose ledger belongs to the project. */
export interface LedgerPlace {
  environment: string;
  flag: string;
}
/** A page of what a ledger holds; `next` says where to go on. */
export type LedgerPage = { part: LedgerPart; next: string | null };
/** Part `index` of a ledger as it stood, the parts of one restore being told from those of others by its epoch. */
export type LedgerDelivery = LedgerPlace & { epoch: number; index: number; part: LedgerPart; last: boolean };

/** What `next` of a page looks like; anything else is no place in a backup. Tables are read in `read-backup-page.ts`. */
export const BACKUP_CURSOR =
  /^(?:(?:document|list|audit):\d{1,12}|ledger:\d{1,6}:\d{1,9}:\d{1,12}:(?:person:\d{1,12}:[^\n]{0,100}|alias:[^\n]{0,100})?)$/;

/**
 * The pages of a backup after the store's own: what each ledger counted, then the end. Cursors are
 * `ledger:{which}:{parts of it so far}:{rows so far}:{the ledger's own cursor}`. People come while a backup is taken:
 * each is in it as they stood when their page was read.
 */
export async function readLedgerPage(
  ledgers: readonly LedgerPlace[],
  cursor: string,
  read: (ledger: LedgerPlace, cursor: string | null) => Promise<LedgerPage>,
): Promise<{ rows: BackupRow[]; next: string | null }> {
  const [, which, part, before, ...own] = cursor.split(":");
  const ledger = ledgers[Number(which)];
  if (!ledger) return { rows: [{ row: "end", rows: Number(before) }], next: null };
  const page = await read(ledger, own.join(":") || null);
  const index = Number(part);
  const last = page.next === null;
  const rows: BackupRow[] = [{ row: "ledger", ...ledger, part: index, ledger: page.part, last }];
  const place = last ? `${Number(which) + 1}:0` : `${which}:${index + 1}`;
  return { rows, next: `ledger:${place}:${Number(before) + 1}:${page.next ?? ""}` };
}

/** Whether the parts of each ledger follow each other up to its last one; else the place where they do not. */
export class LedgerOrder {
  #open: { place: string; next: number } | null = null;
  readonly #closed = new Set<string>();

  add({ environment, flag, part, last }: LedgerRow): string | null {
    const place = `${flag} in ${environment}`;
    const due = this.#open === null ? 0 : this.#open.next;
    if (part !== due || (this.#open && this.#open.place !== place) || this.#closed.has(place)) return place;
    this.#open = last ? null : { place, next: part + 1 };
    if (last) this.#closed.add(place);
    return null;
  }

  /** The ledger whose last part has not come, if any. */
  get unfinished(): string | null {
    return this.#open?.place ?? null;
  }
}

export interface LedgerEffects {
  deliver(delivery: LedgerDelivery): Promise<unknown>;
  clear(ledger: LedgerPlace): Promise<unknown>;
  epoch(): number;
}

/**
 * What the store owes to ledgers and desks, which are objects of their own: a restore's parts, and clearings of what a
 * deleted test, environment or project leaves behind. Written in the transaction that brings it about and kept until
 * each object has it, in order; what comes twice changes nothing.
 */
export class LedgerOutbox {
  readonly #sql: SqlStorage;
  readonly #effects: LedgerEffects;
  #handingOver: Promise<void> | null = null;
  #failures = 0;
  #nextAt = 0;

  constructor(sql: SqlStorage, effects: LedgerEffects) {
    this.#sql = sql;
    this.#effects = effects;
  }

  /** In the transaction: a part of a ledger; null: all that people did with the flag, or "": at the desk, is to go. */
  append({ environment, flag }: LedgerPlace, row: LedgerRow | null): void {
    const body = row === null ? null : JSON.stringify(row);
    this.#sql.exec("INSERT INTO ledger_owed (environment, flag, body) VALUES (?, ?, ?)", environment, flag, body);
  }

  /** When to hand over next (epoch ms); null while nothing is owed. */
  get dueAt(): number | null {
    return this.#sql.exec("SELECT 1 FROM ledger_owed LIMIT 1").toArray().length > 0 ? this.#nextAt : null;
  }

  /** Clearings that are not carried out yet. */
  clearings(): LedgerPlace[] {
    return this.#sql
      .exec<{ environment: string; flag: string }>(
        "SELECT environment, flag FROM ledger_owed WHERE body IS NULL ORDER BY position",
      )
      .toArray();
  }

  /** A caller that asks while it is under way waits for the same run, which takes what was appended meanwhile. */
  handOver(): Promise<void> {
    this.#handingOver ??= this.#run().finally(() => {
      this.#handingOver = null;
    });
    return this.#handingOver;
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        type Owed = { position: number; environment: string; flag: string; body: string | null };
        const [owed] = this.#sql.exec<Owed>("SELECT * FROM ledger_owed ORDER BY position LIMIT 1");
        if (!owed) break;
        await within(LEDGER_TIMEOUT_MS, this.#hand(owed, owed.body));
        this.#sql.exec("DELETE FROM ledger_owed WHERE position = ?", owed.position);
        this.#failures = 0;
      }
    } catch (error) {
      this.#failures++;
      log({ event: "ledger-unreachable", attempts: this.#failures, error: String(error) });
    } finally {
      this.#nextAt = Date.now() + backoff(this.#failures);
    }
  }

  #hand({ environment, flag }: LedgerPlace, body: string | null): Promise<unknown> {
    if (body === null) return this.#effects.clear({ environment, flag });
    const { part, ledger, last } = JSON.parse(body) as LedgerRow;
    const epoch = this.#effects.epoch();
    return this.#effects.deliver({ environment, flag, epoch, index: part, part: ledger, last });
  }
}
