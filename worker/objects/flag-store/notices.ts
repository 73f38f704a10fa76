import { webhookMessage } from "../../../shared/schema/webhook.ts";
import type { Notice } from "../courier/methods.ts";

const AT_ONCE = 100;

/** Messages on their way to the courier. Written in the transaction of what they tell of; gone once it has them. */
export class Notices {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  append({ id, webhooks, message }: Notice): void {
    this.#sql.exec(
      "INSERT OR IGNORE INTO notice (message_id, webhooks, message) VALUES (?, ?, ?)",
      id,
      JSON.stringify(webhooks),
      JSON.stringify(message),
    );
  }

  /** The oldest ones, and the position up to which they reach. */
  waiting(): { notices: Notice[]; upTo: number } {
    const rows = this.#sql
      .exec<{ position: number; message_id: string; webhooks: string; message: string }>(
        "SELECT position, message_id, webhooks, message FROM notice ORDER BY position LIMIT ?",
        AT_ONCE,
      )
      .toArray();
    const notices = rows.map((row) => ({
      id: row.message_id,
      webhooks: JSON.parse(row.webhooks) as string[],
      message: webhookMessage.parse(JSON.parse(row.message)),
    }));
    return { notices, upTo: rows.at(-1)?.position ?? 0 };
  }

  get isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM notice LIMIT 1").toArray().length === 0;
  }

  get count(): number {
    return this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM notice").one().n;
  }

  taken(upTo: number): void {
    this.#sql.exec("DELETE FROM notice WHERE position <= ?", upTo);
  }
}
