import { type Delivery, type WebhookMessage, webhookMessage } from "../../../shared/schema/webhook.ts";
import type { Env } from "../../env.ts";
import { targetProblem } from "../../http/public-url.ts";
import { log } from "../../log.ts";
import { rearm, runSteps } from "../kernel/alarm.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { migrate } from "../kernel/migrations.ts";
import { computeNextAlarm } from "../kernel/outbox.ts";
import { Deliveries, type Due } from "./deliveries.ts";
import { bodyOf, signedHeaders } from "./message.ts";
import type { CourierMethods, Endpoint, EndpointCounts, Notice } from "./methods.ts";
import { COURIER_MIGRATIONS } from "./migrations.ts";
import { type Answer, judge, resultWords } from "./retry.ts";

/** A receiver has this long (ms) to answer, as Standard Webhooks suggests. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Requests under way at once: a Worker may hold six connections. */
const AT_ONCE = 6;
/** Deliveries of one alarm; the rest follow in the next, so that no alarm runs for long. */
const PER_ALARM = 60;
/** Old deliveries are looked for at least this often (ms) while there are any. */
const CLEAN_UP_MS = 6 * 3_600_000;

/**
 * Carries one project's messages to its webhooks, apart from the store: slow strangers must not hold up a kill. The
 * store hands messages over until it is told that they are here; from then on this object's alarm sees to them. A
 * message may arrive twice (an answer was lost), never not at all without standing in the list of dead letters.
 */
export class Courier extends DurableBase implements CourierMethods {
  protected readonly methods = new Set<keyof CourierMethods>(["take", "counts", "deliveries", "again", "test"]);
  readonly #storage: DurableObjectStorage;
  readonly #deliveries: Deliveries;
  readonly #env: Env;
  readonly #send: typeof fetch;

  constructor(state: DurableObjectState, env: Env, send: typeof fetch = (input, init) => fetch(input, init)) {
    super(state);
    this.#env = env;
    this.#storage = state.storage;
    this.#send = send;
    migrate(state.storage, COURIER_MIGRATIONS);
    this.#deliveries = new Deliveries(state.storage.sql);
    rearm(this.#storage, () => this.#scheduleNext(Date.now()));
  }

  /** Takes the webhooks as they stand now, and messages for them. Handed over again, nothing is doubled. */
  take(endpoints: Endpoint[], notices: Notice[]): boolean {
    const now = Date.now();
    this.#storage.transactionSync(() => {
      this.#deliveries.setEndpoints(endpoints);
      for (const { id, webhooks, message } of notices)
        for (const webhook of webhooks) this.#deliveries.add(webhook, id, message.type, JSON.stringify(message), now);
    });
    this.#schedule(now);
    return true;
  }

  counts(): EndpointCounts[] {
    return this.#deliveries.counts();
  }

  deliveries(webhook: string, status: Delivery["status"] | null, limit: number): Delivery[] {
    return this.#deliveries.list(webhook, status, limit);
  }

  /** Sends given-up deliveries again: one, or all of a webhook. */
  again(webhook: string, id: number | null): number {
    const sent = this.#deliveries.again(webhook, id, Date.now());
    if (sent > 0) this.#schedule(Date.now());
    return sent;
  }

  /** Sends one message now and says what came of it; it stands in no list. */
  async test(webhook: string, message: WebhookMessage): Promise<{ delivered: boolean; result: string } | null> {
    const endpoint = this.#deliveries.endpoint(webhook);
    if (!endpoint) return null;
    const answer = await this.#attempt(endpoint, `msg_test-${crypto.randomUUID()}`, message);
    return {
      delivered: "status" in answer && answer.status >= 200 && answer.status < 300,
      result: resultWords(answer),
    };
  }

  async alarm(): Promise<void> {
    const earliest = await runSteps({
      deliveries: () => this.#carryDue(),
      forget: () => this.#deliveries.forget(Date.now()),
    });
    this.#scheduleNext(earliest);
  }

  /** @throws when some could not be carried, after the others were */
  async #carryDue(): Promise<void> {
    const queue = [...this.#deliveries.due(Date.now(), PER_ALARM)];
    const failures: unknown[] = [];
    const carry = async () => {
      for (let next = queue.shift(); next; next = queue.shift())
        await this.#carry(next).catch((error: unknown) => failures.push(error));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, carry));
    if (failures.length > 0) throw failures[0];
  }

  #scheduleNext(earliest: number): void {
    this.#schedule(this.#deliveries.nextDue() ?? (this.#isEmpty() ? null : Date.now() + CLEAN_UP_MS), earliest);
  }

  async #carry(due: Due): Promise<void> {
    const endpoint = this.#deliveries.endpoint(due.webhook);
    if (!endpoint) return this.#deliveries.putBy(due.id, "the webhook was paused or gone");
    const message = messageOf(due.message);
    if (!message) return this.#deliveries.putBy(due.id, "the message cannot be read");
    const answer = await this.#attempt(endpoint, due.messageId, message);
    const now = Date.now();
    const verdict = judge(answer, due.attempts + 1, now, Math.random());
    this.#storage.transactionSync(() => this.#deliveries.settle(due, verdict, resultWords(answer), now));
    if (verdict.verdict !== "delivered")
      log({ event: "webhook-failed", webhook: due.webhook, attempt: due.attempts + 1, result: resultWords(answer) });
  }

  /** One request. Redirects are not followed, and nothing of the answer but its status is looked at. */
  async #attempt(endpoint: Endpoint, messageId: string, message: WebhookMessage): Promise<Answer> {
    const refused = targetProblem(endpoint.url, this.#env.WEBHOOK_LOCAL_TARGETS === "allow");
    if (refused) return { error: refused };
    const body = bodyOf(message, endpoint.format, endpoint.dashboard);
    const headers = signedHeaders(messageId, body, endpoint.secrets, Date.now());
    try {
      const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
      const response = await this.#send(endpoint.url, { method: "POST", headers, body, redirect: "manual", signal });
      await response.body?.cancel();
      const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
      return { status: response.status, retryAfterMs: Number.isFinite(retryAfter) ? retryAfter * 1_000 : null };
    } catch (error) {
      const late = error instanceof Error && error.name === "TimeoutError";
      return { error: late ? `no answer within ${ANSWER_TIMEOUT_MS / 1_000} s` : "no connection" };
    }
  }

  #isEmpty(): boolean {
    return this.#deliveries.counts().every(({ delivered, pending, dead }) => delivered + pending + dead === 0);
  }

  #schedule(at: number | null, earliest = Date.now()): void {
    const next = computeNextAlarm(at === null ? [] : [at], earliest);
    void (next === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(next));
  }
}

function messageOf(text: string): WebhookMessage | null {
  try {
    return webhookMessage.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
