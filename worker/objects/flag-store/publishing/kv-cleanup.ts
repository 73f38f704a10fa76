import { LIST_PREFIX } from "../../../kv/list-shards.ts";
import { log } from "../../../log.ts";
import { guardedBy } from "../../kernel/outbox.ts";
import type { ProjectTables } from "../project-tables.ts";

/** Tombstones stay this long (ms): far beyond the minute that KV may serve an old copy of the break-glass lane. */
const TOMBSTONE_KEEP_MS = 7 * 86_400_000;
/** Keys that one alarm deletes. */
const KEYS_AT_ONCE = 50;

/** Calls of KV; each fails when KV takes too long. */
export interface CleanupEffects {
  deleteKey(kvKey: string): Promise<unknown>;
  putKey(kvKey: string, body: string): Promise<unknown>;
  /** How many of them KV still showed. */
  removeBreakGlassKills(ids: readonly string[]): Promise<number>;
}

/** Takes out of KV what nothing names any more. What KV does not let go is tried again later. */
export class KvCleanup {
  readonly #tables: Pick<ProjectTables, "documents" | "publications">;
  readonly #effects: CleanupEffects;

  constructor(tables: Pick<ProjectTables, "documents" | "publications">, effects: CleanupEffects) {
    this.#tables = tables;
    this.#effects = effects;
  }

  /** Deletes replaced snapshots and shards whose time is over. */
  async deleteRetired(): Promise<void> {
    const { publications } = this.#tables;
    const waiting = publications.pending().some(({ environment }) => guardedBy(environment) === null);
    for (const kvKey of publications.retired(Date.now(), KEYS_AT_ONCE)) {
      // While a publication waits, edges may still read a snapshot that names these shards.
      if (waiting && kvKey.startsWith(LIST_PREFIX)) {
        publications.reprieve(kvKey, Date.now());
        continue;
      }
      try {
        await this.#effects.deleteKey(kvKey);
        if (publications.forget(kvKey)) continue;
        // A publication has named the block again meanwhile.
        const body = publications.body(kvKey);
        if (body !== null) await this.#effects.putKey(kvKey, body);
      } catch (error) {
        publications.reprieve(kvKey, Date.now());
        log({ event: "clean-up-failed", error: String(error) });
      }
    }
  }

  /**
   * Not before KV showed none of the kills: without its tombstone a lifted one would be in force again. What was found
   * is taken out now and looked for again later, since a press may have repeated it from an older copy of the index.
   */
  async forgetTombstones(): Promise<void> {
    const before = Date.now() - TOMBSTONE_KEEP_MS;
    const ids = this.#tables.documents.tombstones(before);
    if (ids.length === 0) return;
    try {
      if ((await this.#effects.removeBreakGlassKills(ids)) > 0) return;
      this.#tables.documents.forgetTombstones(before);
    } catch (error) {
      log({ event: "clean-up-failed", error: String(error) });
    }
  }
}
