import { LIMITS } from "../../../shared/limits.ts";
import { pageOrigin } from "./page-origin.ts";

/** Addresses of pages that are remembered: enough to recognise one's own. */
const PAGES = 20;
const HOUR_MS = 3_600_000;

/** Pages that carry a test's markup. */
export class DoorPages {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * One was opened. Anybody can claim any origin, so only so many new ones are kept in an hour: real pages are opened again
   * and again, and stay. Within a transaction.
   *
   * @param page what `pageOrigin` makes of its address
   */
  sighted(page: string, at: number): void {
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
  }

  /** Versions before this one stored whatever was sent: what is no page's origin is not shown. */
  list(): { origin: string; at: string }[] {
    return this.#sql
      .exec<{ origin: string; at: number }>("SELECT origin, at FROM page ORDER BY at DESC")
      .toArray()
      .filter(({ origin }) => pageOrigin(origin) === origin)
      .map(({ origin, at }) => ({ origin, at: new Date(at).toISOString() }));
  }
}
