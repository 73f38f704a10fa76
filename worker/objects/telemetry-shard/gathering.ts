import { EVENT_LIMITS } from "../../../shared/schema/telemetry.ts";
import type { ShardBatch, ShardReply } from "./shard-batch.ts";

/*
 * Group commit. What a shard writes for a batch is mostly the same rows every time, and one flush of the disk: batches
 * that come close together are stored as one, in one transaction, and each sender gets its own answer. After a pause
 * the first one is stored at once.
 */

/** So long (ms) lies between two transactions. */
export const GATHER_MS = 25;
/** Events of one transaction, unless a single batch has more: it holds up every other caller of the shard. */
export const GATHERED_EVENTS = 400;

export interface GatheringClock {
  now(): number;
  later(ms: number, run: () => void): void;
}

interface Waiting {
  readonly batch: ShardBatch;
  readonly resolve: (reply: ShardReply) => void;
  readonly reject: (error: unknown) => void;
}

export class Gathering {
  readonly #store: (batch: ShardBatch) => ShardReply;
  readonly #clock: GatheringClock;
  #waiting: Waiting[] = [];
  #planned = false;
  #storedAt = Number.NEGATIVE_INFINITY;

  /** @param store stores all of a batch or throws and stores nothing */
  constructor(store: (batch: ShardBatch) => ShardReply, clock: GatheringClock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Resolves once the batch is stored; rejects when it is not, and then it may be sent again. */
  add(batch: ShardBatch): Promise<ShardReply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, resolve, reject });
      const elapsed = this.#clock.now() - this.#storedAt;
      if (elapsed < 0 || elapsed >= GATHER_MS) this.#plan(0);
      else this.#plan(GATHER_MS - elapsed);
    });
  }

  /** Stores what waits now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#storeNext();
  }

  #plan(ms: number): void {
    if (this.#planned) return;
    this.#planned = true;
    const run = () => {
      this.#planned = false;
      if (this.#waiting.length > 0) this.#storeNext();
      if (this.#waiting.length > 0) this.#plan(1);
    };
    if (ms === 0) run();
    else this.#clock.later(ms, run);
  }

  #storeNext(): void {
    const together = this.#next();
    this.#storedAt = this.#clock.now();
    try {
      const reply = this.#store(merged(together.map(({ batch }) => batch)));
      for (const [place, { resolve }] of together.entries())
        resolve(together.length === 1 ? reply : partOf(reply, place));
    } catch (error) {
      for (const { reject } of together) reject(error);
    }
  }

  /** The longest waiting batch, and those after it that fit. */
  #next(): Waiting[] {
    const [first] = this.#waiting;
    let events = 0;
    let count = 0;
    for (const { batch } of this.#waiting) {
      events += batch.events.length;
      if (count > 0 && (events > GATHERED_EVENTS || !sameKnowledge(batch, (first as Waiting).batch))) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}

/** Sent by edges that know the same, so that what holds for one batch holds for both. */
const sameKnowledge = (a: ShardBatch, b: ShardBatch): boolean =>
  a.source === b.source && a.revision === b.revision && JSON.stringify(a.killed) === JSON.stringify(b.killed);

/** Places in the whole: those of the first batch, then those of the second, and so on. */
const PLACES = EVENT_LIMITS.perBatch;

function merged(batches: readonly ShardBatch[]): ShardBatch {
  const [first] = batches;
  if (batches.length === 1) return first as ShardBatch;
  const events = batches.flatMap(({ events }, place) =>
    events.map((event) => ({ ...event, index: place * PLACES + event.index })),
  );
  const series = new Map(batches.flatMap((batch) => batch.series.map((one) => [one.series.id, one] as const)));
  const shed = batches.reduce((sum, batch) => sum + batch.shed, 0);
  return { ...(first as ShardBatch), series: [...series.values()], events, shed };
}

function partOf({ duplicate, shed, keep }: ShardReply, place: number): ShardReply {
  const own = (indices: readonly number[]) =>
    indices.filter((index) => Math.floor(index / PLACES) === place).map((index) => index - place * PLACES);
  return { duplicate: own(duplicate), shed: own(shed), keep };
}
