import { type Slug, storedKeyName, storedSlug } from "../../../../shared/schema/names.ts";
import { listShardKey } from "../../../kv/list-shards.ts";
import { log } from "../../../log.ts";
import type { Checkpoints } from "../../kernel/checkpoint.ts";
import { backoff, drainOutbox, type OutboxDeps, type Rendered } from "../../kernel/outbox.ts";
import { pause } from "../../kernel/pause.ts";
import type { ProjectTables } from "../project-tables.ts";
import type { NextPublication } from "./next-publication.ts";

/** Values written at a time: as many connections as a Worker may have open. */
const WRITES_AT_ONCE = 6;

/** Something else that learns of changes, in its own time and after the edges. */
export interface Follower {
  /** When to hand over next (epoch ms); null while nothing waits. */
  readonly dueAt: number | null;
  handOver(): Promise<void>;
}

export interface PublisherEffects {
  atomically<T>(work: () => T): T;
  /** Writes to KV; fails when KV takes too long. */
  putSnapshot(kvKey: string, body: string): Promise<unknown>;
  putListShard(kvKey: string, bytes: Uint8Array<ArrayBuffer>): Promise<unknown>;
  /** Tells the directory that the project is there or gone. */
  register(): Promise<void>;
  orderGuard(environment: string): Promise<void>;
  /** The pointer names a new snapshot. */
  pointerMoved(): void;
  /** When something that waits has changed. */
  scheduleAlarm(): void;
}

/** Carries what was committed to the edges: the snapshot into KV, then the pointer to it. After them come the followers. */
export class Publisher {
  readonly #tables: ProjectTables;
  readonly #next: NextPublication;
  readonly #effects: PublisherEffects;
  readonly #followers: readonly Follower[];
  readonly #checkpoints: Checkpoints;
  readonly #outbox: OutboxDeps;
  #draining = false;

  constructor(
    tables: ProjectTables,
    next: NextPublication,
    effects: PublisherEffects,
    followers: readonly Follower[],
    checkpoints: Checkpoints,
  ) {
    this.#tables = tables;
    this.#next = next;
    this.#followers = followers;
    this.#effects = effects;
    this.#checkpoints = checkpoints;
    const { publications, auditLog } = tables;
    this.#outbox = {
      pending: () => publications.pending(),
      render: (environment) => this.#render(environment),
      write: (environment, rendered) => this.#write(environment, rendered),
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

  /** A slice at a time, between which the store does what else is asked of it. */
  async #render(environment: string): Promise<Rendered> {
    for (;;) {
      const rendered = this.#effects.atomically(() => this.#next.slice(environment));
      if (rendered) return rendered;
      await this.#checkpoints.reach("slice-rendered");
      await pause();
    }
  }

  async #write(environment: string, { kvKey, body, blocks }: Rendered): Promise<void> {
    await this.#checkpoints.reach("snapshot-rendered");
    await this.#writeShards();
    // Nobody knows any of these keys before the pointer moves, so their order among themselves does not matter.
    await Promise.all([
      blocks.length > 0 && this.#writeBlocks(storedSlug(environment)),
      this.#effects.putSnapshot(kvKey, body),
    ]);
    await this.#checkpoints.reach("kv-written");
  }

  async #writeBlocks(environment: Slug): Promise<void> {
    const { meta, publications } = this.#tables;
    for (;;) {
      const batch = publications.unwrittenBlocks(meta.slug, environment, WRITES_AT_ONCE);
      if (batch.length === 0) return;
      await Promise.all(
        batch.map(async (kvKey) => {
          const text = publications.body(kvKey);
          if (text !== null) await this.#effects.putSnapshot(kvKey, text);
          publications.writtenBlock(kvKey);
          await this.#checkpoints.reach("block-written");
        }),
      );
    }
  }

  /** A snapshot may name a shard only when it lies in KV. What is there already is not written again. */
  async #writeShards(): Promise<void> {
    const { lists, meta } = this.#tables;
    for (;;) {
      const batch = lists.unwritten(WRITES_AT_ONCE);
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
    const { documents, meta, publications, propagationLog, rendered: entries } = this.#tables;
    this.#effects.atomically(() => {
      if (!this.#tables.hasEnvironment(environment)) return;
      const now = Date.now();
      publications.move(meta.slug, storedSlug(environment), rendered, now);
      entries.published(environment, new Set(rendered.blocks));
      propagationLog.published(environment, rendered.revision, now);
      documents.forgetClearedKills(environment, rendered.revision);
    });
    this.#effects.pointerMoved();
    return this.#checkpoints.reach("pointer-moved");
  }
}
