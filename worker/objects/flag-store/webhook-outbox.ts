import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { within } from "../../within.ts";
import type { Endpoint } from "../courier/methods.ts";
import { backoff } from "../kernel/outbox.ts";
import { courier } from "../stubs.ts";
import type { AuditEntry } from "./audit.ts";
import { messagesOf, wants } from "./decide/notices.ts";
import type { Documents } from "./documents.ts";
import type { Notices } from "./notices.ts";
import type { StoreMeta } from "./store-meta.ts";

/** The courier writes to its own SQLite and answers; longer counts as failed (ms). */
const COURIER_TIMEOUT_MS = 5_000;

/** What the courier must still learn: messages, and the webhooks as they stand. Lost by nothing, sent twice harmlessly. */
export class WebhookOutbox {
  readonly #documents: Documents;
  readonly #notices: Notices;
  readonly #meta: StoreMeta;
  readonly #env: Env;
  #handingOver = false;
  #failures = 0;
  #nextAt = 0;

  constructor(documents: Documents, notices: Notices, meta: StoreMeta, env: Env) {
    this.#documents = documents;
    this.#notices = notices;
    this.#meta = meta;
    this.#env = env;
  }

  /** In the transaction of what it tells of, for those who want it; without webhooks nothing is kept. */
  note(row: AuditEntry): void {
    const webhooks = this.#documents.list("webhook");
    if (row.changes.some(({ entity }) => entity === "webhook"))
      this.#meta.set("webhooks_revision", String(row.revision));
    if (webhooks.length === 0) return;
    const deployments = (environment: string) =>
      this.#documents.list("deployment", environment).map(({ body }) => body);
    for (const [index, message] of messagesOf(this.#meta.project, row, deployments).entries()) {
      const wanting = webhooks.filter(({ body }) => wants(body, message)).map(({ key }) => key);
      if (wanting.length === 0) continue;
      const id = `msg_${this.#meta.project}-${this.#meta.epoch}-${row.revision}-${index}`;
      this.#notices.append({ id, webhooks: wanting, message });
    }
  }

  /** After a restore: whatever the backup says that the courier knew, it is told anew. */
  beginAnew(epoch: number): void {
    this.#meta.set("webhooks_revision", `${epoch}/0`);
  }

  /** When to hand over next (epoch ms); null while the courier knows everything. */
  get dueAt(): number | null {
    return this.#hasNews ? this.#nextAt : null;
  }

  get #hasNews(): boolean {
    const told = this.#meta.get("courier_told") ?? "0";
    return (this.#meta.get("webhooks_revision") ?? "0") !== told || !this.#notices.isEmpty;
  }

  /** Hands over what waits, until the courier has it. */
  async handOver(): Promise<void> {
    if (this.#handingOver) return;
    this.#handingOver = true;
    try {
      while (this.#hasNews) {
        const revision = this.#meta.get("webhooks_revision") ?? "0";
        const { notices, upTo } = this.#notices.waiting();
        const told = courier(this.#env, this.#meta.slug).take(await this.#endpoints(), notices);
        await within(COURIER_TIMEOUT_MS, told);
        this.#notices.taken(upTo);
        this.#meta.set("courier_told", revision);
        this.#failures = 0;
      }
    } catch (error) {
      this.#failures++;
      log({ event: "courier-unreachable", attempts: this.#failures, error: String(error) });
    } finally {
      this.#nextAt = Date.now() + backoff(this.#failures);
      this.#handingOver = false;
    }
  }

  /** Webhooks as the courier needs them, with what the documents keep sealed. */
  async #endpoints(): Promise<Endpoint[]> {
    const now = Date.now();
    return Promise.all(
      this.#documents.list("webhook").map(async ({ key: webhook, body }) => {
        const { format, dashboard, paused, salt, previous } = body;
        const url = (await this.#meta.openWebhookUrl(body.url)) ?? "";
        const old = previous && Date.parse(previous.until) > now ? [this.#meta.webhookSecret(previous.salt)] : [];
        return { webhook, url, format, dashboard, paused, secrets: [this.#meta.webhookSecret(salt), ...old] };
      }),
    );
  }
}
