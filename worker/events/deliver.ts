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
