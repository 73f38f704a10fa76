import type { Slug } from "../../../shared/schema/names.ts";
import { blockKey, type Published, snapshotKey, verifyPublished } from "../../kv/snapshot-store.ts";
import { type EdgeSources, KV_PATIENCE_MS, patiently } from "./edge-sources.ts";
import { HeldBlock } from "./held-block.ts";

/** What the bytes of a snapshot must turn out to be. */
export interface Expected {
  readonly project: Slug;
  readonly environment: Slug;
  readonly revision: number;
  readonly hash: string;
}

/** Reads what a pointer or a manifest names: from KV; after a while, or when those bytes are not good, from the store. */
export class SnapshotReader {
  readonly #sources: EdgeSources;

  constructor(sources: EdgeSources) {
    this.#sources = sources;
  }

  published(expected: Expected): Promise<{ published: Published; text: string } | null> {
    const { project, environment, revision, hash } = expected;
    return this.#either(
      () => this.#sources.kvSnapshot(snapshotKey(project, environment, revision, hash)),
      () => this.#sources.storeSnapshot(project, environment, hash),
      (text, source) => {
        const verified = verifyPublished(text, expected);
        if (verified.ok) return { published: verified.published, text };
        this.#sources.report({ event: "snapshot-refused", source, reason: verified.reason, revision });
        return null;
      },
    );
  }

  block(project: Slug, environment: Slug, hash: string): Promise<HeldBlock | null> {
    return this.#either(
      () => this.#sources.kvSnapshot(blockKey(project, environment, hash)),
      () => this.#sources.storeBlock(project, environment, hash),
      (text, source) => {
        const block = HeldBlock.of(hash, text);
        if (!block) this.#sources.report({ event: "block-refused", source, project, environment });
        return block;
      },
    );
  }

  async #either<T>(
    kv: () => Promise<string | null>,
    store: () => Promise<string | null>,
    verify: (text: string, source: string) => T | null,
  ): Promise<T | null> {
    const fromKv = this.#verified("kv", kv, verify);
    return (
      (await patiently(this.#sources, KV_PATIENCE_MS, fromKv)) ??
      (await this.#verified("store", store, verify)) ??
      (await fromKv)
    );
  }

  async #verified<T>(
    source: string,
    read: () => Promise<string | null>,
    verify: (text: string, source: string) => T | null,
  ): Promise<T | null> {
    try {
      const text = await read();
      return text === null ? null : verify(text, source);
    } catch (error) {
      this.#sources.report({ event: "snapshot-unreadable", source, error: String(error) });
      return null;
    }
  }
}
