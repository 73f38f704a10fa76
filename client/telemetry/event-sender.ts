/** An event as `POST /v1/events` takes it, but for its id and time, which are given here. */
export interface ReportedEvent {
  type: "exposure" | "outcome" | "click" | "conversion";
  unit: Record<string, string | number | boolean>;
  flag?: string;
  variant?: string;
  rule?: string;
  reason?: string;
  metric?: string;
  ok?: boolean;
  latencyMs?: number;
  value?: number;
  /** Why the unit is told apart instead of counted. */
  marks?: ("staff" | "bot" | "preview" | "synthetic")[];
}

export interface SenderOptions {
  /** Where Blastdoor runs, such as `https://flags.shop.example`. */
  baseUrl: string;
  /** An environment key. A server key's events can stop a release; a client key's only show. */
  key: string;
  /** Events wait at most this long (ms); 1,000 unless set. What a guard does not know it cannot act on. */
  flushMs?: number;
  /** Events that wait at most; beyond, new ones are dropped and counted. 20,000 unless set. */
  maxWaiting?: number;
  /** Told of events that could not be delivered: never the application's problem, but somebody's. */
  onDropped?: (events: number, why: string) => void;
  fetch?: typeof globalThis.fetch;
}

interface Waiting {
  event: ReportedEvent & { id: string; time: number };
  /** What vouches for the event's unit. */
  signedContext: string | undefined;
}

const MAX_BATCH = 500;
/** Characters of a batch: 256 KiB less what non-ASCII text may grow by. */
const MAX_BATCH_CHARS = 120_000;
const ATTEMPTS = 5;
const FIRST_RETRY_MS = 500;
/** A longer `Retry-After` than this (ms) is not waited for: what a guard learns a minute late is of little use. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * Sends events in batches, behind the application's back: nothing here throws, waits or holds the process open. A batch
 * whose answer is lost is sent again under the same id, and counts once.
 */
export class EventSender {
  readonly #options: SenderOptions;
  #waiting: Waiting[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** Of all events: how many were taken, how many of them are due, and how many have been delivered or given up. */
  #taken = 0;
  #due = 0;
  #done = 0;
  #sending = false;
  /** The batch under way. */
  #delivery: Promise<void> = Promise.resolve();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** @param signedContext the signed context of whom the event is about, where there is one */
  report(event: ReportedEvent, signedContext?: string): void {
    if (this.#waiting.length >= (this.#options.maxWaiting ?? 20_000)) {
      this.#options.onDropped?.(1, "too many events wait");
      return;
    }
    const stamped = { ...event, id: globalThis.crypto.randomUUID(), time: Date.now() };
    this.#waiting.push({ event: stamped, signedContext });
    this.#taken++;
    if (this.#waiting.length >= MAX_BATCH) void this.flush();
    else if (this.#timer === null) {
      this.#timer = setTimeout(() => void this.flush(), this.#options.flushMs ?? 1_000);
      // Node keeps a process alive for a timer unless told otherwise.
      (this.#timer as { unref?: () => void }).unref?.();
    }
  }

  /** Resolves when everything reported so far was delivered or given up. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#due = this.#taken;
    if (!this.#sending) void this.#sendDue();
    return this.#until(this.#due);
  }

  async #until(count: number): Promise<void> {
    while (this.#done < count) await this.#delivery;
  }

  /**
   * One batch at a time, of everything that waits by then: a server that is slow, or asks to come again, gets fewer and
   * larger batches, so that what waits is caught up with instead of growing older and older.
   */
  async #sendDue(): Promise<void> {
    this.#sending = true;
    while (this.#done < this.#due) {
      const { batch, rest } = nextBatch(this.#waiting);
      this.#waiting = rest;
      this.#delivery = this.#deliver(batch).then(() => {
        this.#done += batch.length;
      });
      await this.#delivery;
    }
    this.#sending = false;
  }

  async #deliver(batch: readonly Waiting[]): Promise<void> {
    const signedContext = batch[0]?.signedContext;
    const events = batch.map(({ event }) => event);
    const batchId = globalThis.crypto.randomUUID();
    let why = "";
    let askedMs = 0;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await pause(Math.max(askedMs, FIRST_RETRY_MS * 2 ** (attempt - 1) * (0.5 + Math.random())));
      const sent = await this.#send({ batchId, sentAt: Date.now(), signedContext, events });
      if (sent === "delivered") return;
      why = sent.why;
      askedMs = sent.afterMs;
      if (!sent.again) break;
    }
    this.#options.onDropped?.(events.length, why);
  }

  async #send(body: object): Promise<"delivered" | { again: boolean; afterMs: number; why: string }> {
    const { baseUrl, key, fetch = globalThis.fetch } = this.#options;
    try {
      const response = await fetch(`${baseUrl.replace(/\/$/, "")}/v1/events`, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(10_000),
      });
      if (response.ok) {
        const { rejected } = (await response.json()) as { rejected: { code: string }[] };
        if (rejected.length > 0)
          this.#options.onDropped?.(rejected.length, [...new Set(rejected.map(({ code }) => code))].join(", "));
        return "delivered";
      }
      await response.body?.cancel();
      const { status } = response;
      // 408: the body did not arrive in time.
      const afterMs = Math.min(LONGEST_PAUSE_MS, (Number(response.headers.get("Retry-After")) || 0) * 1_000);
      return { again: status >= 500 || status === 429 || status === 408, afterMs, why: `answered ${status}` };
    } catch (error) {
      return { again: true, afterMs: 0, why: String(error) };
    }
  }
}

/** The oldest event and as many as one batch may hold of those with the same signature, which vouches for all of it. */
function nextBatch(waiting: readonly Waiting[]): { batch: Waiting[]; rest: Waiting[] } {
  const batch: Waiting[] = [];
  const rest: Waiting[] = [];
  let chars = waiting[0]?.signedContext?.length ?? 0;
  let isFull = false;
  for (const one of waiting) {
    const fits = !isFull && one.signedContext === waiting[0]?.signedContext;
    if (fits) chars += JSON.stringify(one.event).length;
    // What came later must not overtake what no longer fits.
    if (fits && batch.length > 0 && (batch.length >= MAX_BATCH || chars > MAX_BATCH_CHARS)) isFull = true;
    (fits && !isFull ? batch : rest).push(one);
  }
  return { batch, rest };
}

const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    const timer: { unref?: () => void } = setTimeout(resolve, ms) as never;
    timer.unref?.();
  });
