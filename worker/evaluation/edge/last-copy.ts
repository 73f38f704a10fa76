import type { Manifest } from "../../../shared/schema/manifest.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import { CACHE_PATIENCE_MS, type EdgeSources, KV_PATIENCE_MS, patiently } from "./edge-sources.ts";
import { HeldBlock } from "./held-block.ts";
import { Lanes } from "./lanes.ts";
import type { Loaded } from "./loaded.ts";

/**
 * Blocks that one refresh puts into the cache: a request may use the cache 50 times on Workers Free. The next refresh
 * goes on.
 */
export const COPIES_AT_ONCE = 12;
/** A block is put there again after this long (ms), half the time that it stays. */
const RECOPY_MS = 15 * 86_400_000;

/**
 * The copy in the data centre's cache that outlives isolates, for starts without store and KV. Blocks lie there under
 * their hashes, and the manifest is written only when all of them do: so the copy is the last whole one, whatever ends
 * on the way.
 */
export class LastCopy {
  readonly #sources: EdgeSources;

  constructor(sources: EdgeSources) {
    this.#sources = sources;
  }

  /** Writes what of these has not been written yet, or a part of it. Never rejects. */
  async keep(all: Iterable<Loaded>): Promise<void> {
    const lanes = new Lanes();
    for (const loaded of [...all]) if (loaded.uncopied !== null) await this.#keepOne(loaded, loaded.uncopied, lanes);
  }

  async #keepOne(loaded: Loaded, head: string, lanes: Lanes): Promise<void> {
    const { project, environment, blocks } = loaded;
    const now = this.#sources.now();
    const left = blocks.filter(({ copiedAt }) => copiedAt === null || Math.abs(now - copiedAt) >= RECOPY_MS);
    const part = left.slice(0, COPIES_AT_ONCE);
    const copied = await Promise.all(part.map((block) => lanes.run(() => this.#keepBlock(loaded, block))));
    if (part.length < left.length || copied.includes(false)) return;
    const kept = await this.#isDone(this.#sources.keepLastSnapshot(project, environment, head));
    // A whole one is not kept in memory for the sake of a cache that does not take it.
    if (kept || blocks.length === 0) loaded.uncopied = null;
  }

  async #keepBlock({ project, environment }: Loaded, block: HeldBlock): Promise<boolean> {
    const kept = await this.#isDone(this.#sources.keepLastBlock(project, environment, block.hash, block.text));
    if (kept) block.copiedAt = this.#sources.now();
    return kept;
  }

  async #isDone(work: Promise<void>): Promise<boolean> {
    return (
      (await patiently(
        this.#sources,
        CACHE_PATIENCE_MS,
        work.then(() => true),
      )) ?? false
    );
  }

  /** A whole snapshot, or a manifest, whose blocks are to be had by `block`. */
  head(project: Slug, environment: Slug): Promise<Snapshot | Manifest | null> {
    return patiently(this.#sources, KV_PATIENCE_MS, this.#sources.lastSnapshot(project, environment));
  }

  /** Null as well when the copy is damaged: it counts as none. */
  async block(project: Slug, environment: Slug, hash: string): Promise<HeldBlock | null> {
    const text = await patiently(this.#sources, KV_PATIENCE_MS, this.#sources.lastBlock(project, environment, hash));
    return text === null ? null : HeldBlock.of(hash, text);
  }
}
