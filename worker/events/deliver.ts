import type { EventAnswer } from "../../shared/schema/telemetry.ts";
import type { KeepLevels, ShardBatch, ShardReply } from "../objects/telemetry-shard/shard-batch.ts";
import type { Sorted } from "./intake.ts";

/** A shard has this long (ms); then its events count as not stored, and may be sent again. */
export const SHARD_TIMEOUT_MS = 5_000;
/** A level that a shard asked for holds this long (ms) without word from it. */
const LEVEL_KEEP_MS = 2_000;
const ALL: KeepLevels = { server: 1, client: 1 };

/** What shards last asked this isolate to send them: plain numbers, shared by all requests. */
export class ShardLevels {
  readonly #levels = new Map<string, { keep: KeepLevels; at: number }>();

  of(name: string, now: number): KeepLevels {
    const known = this.#levels.get(name);
    return known && Math.abs(now - known.at) < LEVEL_KEEP_MS ? known.keep : ALL;
  }

  heard(name: string, keep: KeepLevels, now: number): void {
    if (keep.server >= 1 && keep.client >= 1) this.#levels.delete(name);
    else this.#levels.set(name, { keep, at: now });
  }
}

/** A count of events left out waits so long (ms) for events to travel with: a flood of them makes no flood of requests. */
export const SHED_TOLD_MS = 1_000;

/**
 * Events that this isolate left out and that their shards do not know of yet. What is left when an isolate ends is lost to
 * the figures.
 */
export class UntoldShed {
  /** By shard: how many, and when somebody will have told of them at the latest. */
  readonly #untold = new Map<string, { count: number; tellBy: number }>();

  /** The count that travels with a part, which has events. */
  take(name: string): number {
    const known = this.#untold.get(name);
    if (known === undefined) return 0;
    const { count } = known;
    known.count = 0;
    return count;
  }

  /**
   * Keeps a count that has nothing to travel with.
   *
   * @returns whether the caller has to tell of it, after SHED_TOLD_MS: nobody else will
   */
  add(name: string, count: number, now: number): boolean {
    const known = this.#untold.get(name);
    const isPromised = known !== undefined && Math.abs(known.tellBy - now) <= 2 * SHED_TOLD_MS && now <= known.tellBy;
    this.#untold.set(name, {
      count: count + (known?.count ?? 0),
      tellBy: isPromised ? known.tellBy : now + 2 * SHED_TOLD_MS,
    });
    return !isPromised;
  }

  /** What is left to tell, as the caller had to. */
  end(name: string): number {
    const count = this.#untold.get(name)?.count ?? 0;
    this.#untold.delete(name);
    return count;
  }
}

/**
 * Sends each shard its part and adds up the answers. A shard that fails or is late leaves its events `unavailable`; the
 * others' are stored, and the whole batch can be sent again without counting twice.
 */
export async function deliver(
  { rejected, parts }: Sorted,
  sent: number,
  ingest: (shard: number, part: ShardBatch) => Promise<ShardReply>,
  heard: (shard: number, keep: KeepLevels) => void,
): Promise<EventAnswer> {
  const refused = [...rejected];
  let duplicate = 0;
  await Promise.all(
    [...parts].map(async ([shard, part]) => {
      try {
        const reply = await ingest(shard, part);
        duplicate += reply.duplicate.length;
        for (const index of reply.shed) refused.push({ index, code: "shed" });
        heard(shard, reply.keep);
      } catch {
        for (const { index, copy } of part.events) if (!copy) refused.push({ index, code: "unavailable" });
      }
    }),
  );
  refused.sort((a, b) => a.index - b.index);
  return { accepted: sent - duplicate - refused.length, duplicate, rejected: refused };
}
