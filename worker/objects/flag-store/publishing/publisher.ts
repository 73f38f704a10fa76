import { storedKeyName, storedSlug } from "../../../../shared/schema/names.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { listShardKey } from "../../../kv/list-shards.ts";
import { snapshotKey } from "../../../kv/snapshot-store.ts";
import { log } from "../../../log.ts";
import type { Checkpoints } from "../../kernel/checkpoint.ts";
import { backoff, drainOutbox, type OutboxDeps, type Rendered } from "../../kernel/outbox.ts";
import type { ProjectTables } from "../project-tables.ts";

/** Shards of long lists written at a time: as many connections as a Worker may have open. */
const SHARDS_AT_ONCE = 6;

/** Something else that learns of changes, in its own time and after the edges. */
export interface Follower {
  /** When to hand over next (epoch ms); null while nothing waits. */
  readonly dueAt: number | null;
  handOver(): Promise<void>;
}

export interface PublisherEffects {
  atomically(work: () => void): void;
  /** Writes to KV; fails when KV takes too long. */
  putSnapshot(kvKey: string, body: string): Promise<unknown>;
  putListShard(kvKey: string, bytes: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Tells the directory that the project is there or gone. */
  register(): Promise<void>;
  orderGuard(environment: string): Promise<void>;
  /** When something that waits has changed. */
  scheduleAlarm(): void;
}

/** Carries what was committed to the edges: the snapshot into KV, then the pointer to it. After them come the followers. */
export class Publisher {
  readonly #tables: ProjectTables;
  readonly #effects: PublisherEffects;
  readonly #followers: readonly Follower[];
  readonly #checkpoints: Checkpoints;
  readonly #outbox: OutboxDeps;
  #draining = false;

  constructor(
    tables: ProjectTables,
    effects: PublisherEffects,
    followers: readonly Follower[],
    checkpoints: Checkpoints,
  ) {
    this.#tables = tables;
    this.#followers = followers;
    this.#effects = effects;
    this.#checkpoints = checkpoints;
    const { publications, auditLog } = tables;
    this.#outbox = {
      pending: () => publications.pending(),
      render: (environment) => this.#render(environment),
      write: (kvKey, body) => this.#write(kvKey, body),
      publish: (environment, rendered) => this.#publish(environment, rendered),
      postpone: (environment, attempts) => publications.postpone(environment, attempts, Date.now() + backoff(attempts)),
      register: effects.register,
      registered: () => publications.settle("", auditLog.latestRevision),
      order: effects.orderGuard,
      report: log,
    };
  }

  /** One run at a time; what is committed meanwhile is carried by the same run. */
  async drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    try {
      do await drainOutbox(this.#outbox);
      while (this.#tables.publications.pending().some(({ attempts }) => attempts === 0));
    } finally {
      this.#draining = false;
      this.#effects.scheduleAlarm();
    }
    for (const follower of this.#followers) {
      if (follower.dueAt === null) continue;
      await follower.handOver();
      this.#effects.scheduleAlarm();
    }
  }

  /** Renders the environment as it stands now and keeps the bytes for edges that KV fails. */
  #render(environment: string): Rendered {
    const revision = this.#tables.auditLog.latestRevision;
    const body = JSON.stringify(this.#tables.snapshotNow(environment));
    const hash = sha256(body);
    const kvKey = snapshotKey(this.#tables.meta.slug, storedSlug(environment), revision, hash);
    const rendered = { revision, hash, kvKey, body };
    this.#effects.atomically(() => this.#tables.publications.keepBody(rendered));
    return rendered;
  }

  async #write(kvKey: string, body: string): Promise<void> {
    await this.#checkpoints.reach("snapshot-rendered");
    await this.#writeShards();
    await this.#effects.putSnapshot(kvKey, body);
    await this.#checkpoints.reach("kv-written");
  }

  /** A snapshot may name a shard only when it lies in KV. What is there already is not written again. */
  async #writeShards(): Promise<void> {
    const { lists, meta } = this.#tables;
    for (;;) {
      const batch = lists.unwritten(SHARDS_AT_ONCE);
      if (batch.length === 0) return;
      await Promise.all(
        batch.map(async ({ segment, shard, version }) => {
          const bytes = lists.bytes(segment, shard, version);
          const kvKey = listShardKey(meta.slug, storedKeyName(segment), version, shard);
          // Without bytes it has been replaced meanwhile, and no snapshot will name it.
          if (bytes) await this.#effects.putListShard(kvKey, bytes);
          lists.written(segment, shard, version);
        }),
      );
    }
  }

  #publish(environment: string, rendered: Rendered): Promise<void> {
    const { documents, publications, propagationLog } = this.#tables;
    this.#effects.atomically(() => {
      if (!this.#tables.hasEnvironment(environment)) return;
      const now = Date.now();
      publications.move(environment, rendered, now);
      propagationLog.published(environment, rendered.revision, now);
      documents.forgetClearedKills(environment, rendered.revision);
    });
    return this.#checkpoints.reach("pointer-moved");
  }
}
