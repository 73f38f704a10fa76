import { LIMITS } from "../../../shared/limits.ts";
import type { Delivery } from "../../../shared/schema/webhook.ts";
import type { Endpoint, EndpointCounts } from "./methods.ts";
import type { Verdict } from "./retry.ts";

export interface Due {
  id: number;
  webhook: string;
  messageId: string;
  message: string;
  attempts: number;
}

type EndpointRow = { webhook: string; settings: string; gone: number; delivered: number; failed_attempts: number };
type DeliveryRow = {
  id: number;
  message_id: string;
  type: string;
  created_at: number;
  status: Delivery["status"];
  attempts: number;
  due_at: number | null;
  delivered_at: number | null;
  last_result: string | null;
};

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Every message to every webhook, until it is received, given up or forgotten. */
export class Deliveries {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** These are the webhooks now: others are forgotten, with what was on its way to them. */
  setEndpoints(endpoints: readonly Endpoint[]): void {
    const known = new Set(endpoints.map(({ webhook }) => webhook));
    for (const { webhook } of this.#sql.exec<{ webhook: string }>("SELECT webhook FROM endpoint").toArray()) {
      if (known.has(webhook)) continue;
      for (const table of ["endpoint", "delivery"]) this.#sql.exec(`DELETE FROM ${table} WHERE webhook = ?`, webhook);
    }
    for (const endpoint of endpoints) {
      // Set anew, an endpoint that was gone is tried again.
      this.#sql.exec(
        `INSERT INTO endpoint (webhook, settings, gone, delivered, failed_attempts) VALUES (?, ?, 0, 0, 0)
         ON CONFLICT (webhook) DO UPDATE SET
           gone = CASE WHEN settings = excluded.settings THEN gone ELSE 0 END, settings = excluded.settings`,
        endpoint.webhook,
        JSON.stringify(endpoint),
      );
    }
  }

  endpoint(webhook: string): Endpoint | null {
    const [row] = this.#sql.exec<{ settings: string }>(
      "SELECT settings FROM endpoint WHERE webhook = ? AND gone = 0",
      webhook,
    );
    if (!row) return null;
    const endpoint = JSON.parse(row.settings) as Endpoint;
    return endpoint.paused ? null : endpoint;
  }

  /** Once for each message and webhook, however often it is handed over. */
  add(webhook: string, messageId: string, type: string, message: string, now: number): void {
    this.#sql.exec(
      `INSERT OR IGNORE INTO delivery (webhook, message_id, type, message, created_at, status, attempts, due_at)
       SELECT webhook, ?2, ?3, ?4, ?5, 'pending', 0, ?5 FROM endpoint WHERE webhook = ?1 AND gone = 0`,
      webhook,
      messageId,
      type,
      message,
      now,
    );
  }

  /** The longest due first. */
  due(now: number, limit: number): Due[] {
    return this.#sql
      .exec<{ id: number; webhook: string; message_id: string; message: string; attempts: number }>(
        "SELECT id, webhook, message_id, message, attempts FROM delivery WHERE status = 'pending' AND due_at <= ? ORDER BY due_at, id LIMIT ?",
        now,
        limit,
      )
      .toArray()
      .map(({ message_id, ...row }) => ({ ...row, messageId: message_id }));
  }

  nextDue(): number | null {
    return this.#sql
      .exec<{ at: number | null }>("SELECT min(due_at) AS at FROM delivery WHERE status = 'pending'")
      .one().at;
  }

  settle({ id, webhook, attempts }: Due, verdict: Verdict, result: string, now: number): void {
    const after = attempts + 1;
    const to = (status: Delivery["status"], dueAt: number | null, deliveredAt: number | null) =>
      this.#sql.exec(
        "UPDATE delivery SET status = ?, attempts = ?, due_at = ?, delivered_at = ?, last_result = ? WHERE id = ?",
        status,
        after,
        dueAt,
        deliveredAt,
        result.slice(0, 200),
        id,
      );
    const counter = verdict.verdict === "delivered" ? "delivered" : "failed_attempts";
    this.#sql.exec(`UPDATE endpoint SET ${counter} = ${counter} + 1 WHERE webhook = ?`, webhook);
    switch (verdict.verdict) {
      case "delivered":
        to("delivered", null, now);
        break;
      case "retry":
        to("pending", verdict.at, null);
        break;
      case "dead":
        to("dead", null, null);
        break;
      case "gone":
        to("dead", null, null);
        this.#sql.exec("UPDATE endpoint SET gone = 1 WHERE webhook = ?", webhook);
        this.#sql.exec(
          "UPDATE delivery SET status = 'dead', due_at = NULL, last_result = ? WHERE webhook = ? AND status = 'pending'",
          "the receiver had answered 410 Gone",
          webhook,
        );
        break;
    }
  }

  /** Nothing can be sent to it at present; what waited is put by, to be sent again by hand. */
  putBy(id: number, why: string): void {
    this.#sql.exec("UPDATE delivery SET status = 'dead', due_at = NULL, last_result = ? WHERE id = ?", why, id);
  }

  /** Sends again what was given up: one delivery, or all of the webhook's. Says how many. */
  again(webhook: string, id: number | null, now: number): number {
    return this.#sql
      .exec(
        `UPDATE delivery SET status = 'pending', attempts = 0, due_at = ?2, delivered_at = NULL
         WHERE webhook = ?1 AND ((?3 IS NULL AND status = 'dead') OR (id = ?3 AND status <> 'pending')) RETURNING id`,
        webhook,
        now,
        id,
      )
      .toArray().length;
  }

  list(webhook: string, status: Delivery["status"] | null, limit: number): Delivery[] {
    const rows = this.#sql.exec<DeliveryRow>(
      `SELECT id, message_id, type, created_at, status, attempts, due_at, delivered_at, last_result FROM delivery
       WHERE webhook = ?1 AND (?2 IS NULL OR status = ?2) ORDER BY id DESC LIMIT ?3`,
      webhook,
      status,
      limit,
    );
    return [...rows].map((row) => ({
      id: row.id,
      messageId: row.message_id,
      type: row.type,
      createdAt: new Date(row.created_at).toISOString(),
      status: row.status,
      attempts: row.attempts,
      nextAttemptAt: iso(row.due_at),
      deliveredAt: iso(row.delivered_at),
      lastResult: row.last_result,
    }));
  }

  counts(): EndpointCounts[] {
    const waiting = this.#sql
      .exec<{ webhook: string; status: string; n: number }>(
        "SELECT webhook, status, count(*) AS n FROM delivery GROUP BY webhook, status",
      )
      .toArray();
    const count = (webhook: string, status: string) =>
      waiting.find((row) => row.webhook === webhook && row.status === status)?.n ?? 0;
    return [...this.#sql.exec<EndpointRow>("SELECT * FROM endpoint ORDER BY webhook")].map((row) => ({
      webhook: row.webhook,
      delivered: row.delivered,
      failedAttempts: row.failed_attempts,
      pending: count(row.webhook, "pending"),
      dead: count(row.webhook, "dead"),
      gone: row.gone === 1,
    }));
  }

  /** Old deliveries, and more dead ones than anybody will look through. */
  forget(now: number): void {
    this.#sql.exec(
      "DELETE FROM delivery WHERE status = 'delivered' AND delivered_at < ?",
      now - LIMITS.deliveredKeepMs,
    );
    this.#sql.exec("DELETE FROM delivery WHERE status = 'dead' AND created_at < ?", now - LIMITS.deadLetterKeepMs);
    this.#sql.exec(
      `DELETE FROM delivery WHERE id IN (SELECT id FROM (
         SELECT id, row_number() OVER (PARTITION BY webhook, status ORDER BY id DESC) AS place FROM delivery
       ) WHERE place > ?)`,
      LIMITS.deliveriesPerWebhook,
    );
  }
}
