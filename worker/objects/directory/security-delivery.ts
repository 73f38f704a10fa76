import type { SecurityDelivery as DeliveryView, SecurityRow } from "../../../shared/schema/security-log.ts";
import { targetProblem } from "../../http/public-url.ts";
import { log } from "../../log.ts";
import { signedHeaders } from "../courier/message.ts";
import { RETRY_AFTER_MS } from "../courier/retry.ts";
import type { SecurityLog } from "./security-log.ts";

/** Rows of one message, and messages of one alarm. */
const ROWS_AT_ONCE = 100;
const MESSAGES_AT_ONCE = 20;
const ANSWER_TIMEOUT_MS = 10_000;
/** Tries go on at this interval (ms), two hours: rows wait for as long as retention keeps them. */
const LONGEST_WAIT_MS = RETRY_AFTER_MS[3] as number;

type Row = {
  url: string;
  secret: string;
  delivered_to: number;
  missed: number;
  failures: number;
  next_at: number;
  last_result: string | null;
  delivered_at: number | null;
};

export interface DeliveryDeps {
  readonly sql: SqlStorage;
  readonly rows: SecurityLog;
  readonly send: (url: string, init: RequestInit) => Promise<Response>;
  /** Development only: http and private addresses. */
  readonly local: boolean;
}

/**
 * Sends the security log to a receiver of the customer's, in order and at least once. The log itself is the queue: all
 * that is kept is how far the receiver has confirmed, so the backlog is bounded by the log's retention.
 */
export class SecurityDelivery {
  readonly #deps: DeliveryDeps;
  #delivering = false;

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  /** Rows from now on go there. An address that replaces another one goes on where that one was. */
  set(url: string, secret: string, now: number): void {
    const row = this.#row();
    const from = row?.delivered_to ?? this.#deps.rows.last().position;
    this.#deps.sql.exec(
      `INSERT OR REPLACE INTO security_delivery (id, url, secret, delivered_to, missed, failures, next_at)
       VALUES (1, ?, ?, ?, ?, 0, ?)`,
      ...[url, secret, from, row?.missed ?? 0, now],
    );
  }

  remove(): boolean {
    return this.#deps.sql.exec("DELETE FROM security_delivery RETURNING id").toArray().length > 0;
  }

  /** Its address is not shown whole: what follows the host is often a secret of the receiver's. */
  view(): DeliveryView | null {
    const row = this.#row();
    if (!row) return null;
    const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());
    return {
      host: new URL(row.url).host,
      deliveredTo: row.delivered_to,
      waiting: this.#deps.rows.behind(row.delivered_to),
      missed: row.missed,
      failures: row.failures,
      lastResult: row.last_result,
      deliveredAt: iso(row.delivered_at),
      nextAttemptAt: row.failures > 0 ? iso(row.next_at) : null,
    };
  }

  /** When to send next (epoch ms); null while the receiver has everything, or there is none. */
  get dueAt(): number | null {
    const row = this.#row();
    return row && this.#deps.rows.last().position > row.delivered_to ? row.next_at : null;
  }

  async deliver(now: () => number): Promise<void> {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      for (let sent = 0; sent < MESSAGES_AT_ONCE; sent++) {
        const due = this.dueAt;
        if (due === null || due > now() || !(await this.#deliverNext(now))) return;
      }
    } finally {
      this.#delivering = false;
    }
  }

  /** One message; whether it arrived. */
  async #deliverNext(now: () => number): Promise<boolean> {
    const row = this.#row();
    if (!row) return false;
    const { sql, rows } = this.#deps;
    // Retention went past the receiver: what it missed is counted, and the gap shows in the positions.
    const from = Math.max(row.delivered_to, rows.checkpoint().position);
    const missed = row.missed + from - row.delivered_to;
    const page = rows.page({ after: from, limit: ROWS_AT_ONCE });
    const last = page.rows.at(-1)?.position;
    if (last === undefined) return false;
    const result = await this.#attempt(row, page.rows, now());
    const arrived = result === null;
    const wait = Math.min(RETRY_AFTER_MS[row.failures] ?? LONGEST_WAIT_MS, LONGEST_WAIT_MS);
    if (!arrived) log({ event: "security-log-undelivered", attempt: row.failures + 1, result });
    // Another address may have been set while this one was waited for.
    sql.exec(
      `UPDATE security_delivery SET delivered_to = ?, missed = ?, failures = ?, next_at = ?, last_result = ?,
         delivered_at = coalesce(?, delivered_at) WHERE url = ? AND secret = ? AND delivered_to = ?`,
      ...[arrived ? last : from, missed, arrived ? 0 : row.failures + 1, arrived ? now() : now() + wait],
      ...[result ?? "delivered", arrived ? now() : null, row.url, row.secret, row.delivered_to],
    );
    return arrived;
  }

  /** Null: received. Redirects are not followed, and nothing of the answer but its status is looked at. */
  async #attempt({ url, secret }: Row, rows: readonly SecurityRow[], now: number): Promise<string | null> {
    const refused = targetProblem(url, this.#deps.local);
    if (refused) return refused;
    const body = JSON.stringify({
      type: "security-log.rows",
      timestamp: new Date(now).toISOString(),
      data: { rows },
    });
    const id = `sec_${rows[0]?.position}-${rows.at(-1)?.position}`;
    try {
      const headers = await signedHeaders(id, body, [secret], now);
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const response = await this.#deps.send(url, { method: "POST", headers, body, redirect: "manual", signal });
      await response.body?.cancel();
      return response.status >= 200 && response.status < 300 ? null : String(response.status);
    } catch {
      return "no connection";
    }
  }

  #row(): Row | null {
    const [row] = this.#deps.sql.exec<Row>("SELECT * FROM security_delivery");
    return row ?? null;
  }
}
