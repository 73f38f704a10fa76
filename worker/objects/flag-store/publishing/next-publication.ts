import { entriesOf, joinBlocks } from "../../../../shared/blocks/block.ts";
import { changesBetween, type ManifestPatch, publishedText } from "../../../../shared/blocks/block-patch.ts";
import { WHOLE_CHARS } from "../../../../shared/blocks/partition.ts";
import { BLOCKS_READER, WHOLE_READER } from "../../../../shared/limits.ts";
import { type Manifest, manifest } from "../../../../shared/schema/manifest.ts";
import { type Slug, storedSlug } from "../../../../shared/schema/names.ts";
import { snapshot } from "../../../../shared/schema/snapshot.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { blockKey, snapshotKey } from "../../../kv/snapshot-store.ts";
import type { Rendered } from "../../kernel/outbox.ts";
import { snapshotHead } from "../build-snapshot.ts";
import type { ProjectTables } from "../project-tables.ts";
import type { StoredBlock } from "../rendering/rendered-blocks.ts";
import type { Renderer } from "../rendering/renderer.ts";

/** Characters of one patch at most. What does not fit, edges load as blocks: after an import that is less. */
const PATCH_CHARS = 128 * 1024;

/**
 * Makes what is published next of an environment, a slice at a time: its entries, the texts of its blocks, and in the
 * end the whole snapshot, or the manifest with the patch from the one that is out. Only inside a transaction.
 */
export class NextPublication {
  readonly #tables: ProjectTables;
  readonly #renderer: Renderer;

  constructor(tables: ProjectTables, renderer: Renderer) {
    this.#tables = tables;
    this.#renderer = renderer;
  }

  /** Does a slice of the work. Null: more is left; else the environment as it stands now. */
  slice(environment: string): Rendered | null {
    const { rendered, publications } = this.#tables;
    if (!this.#renderer.isComplete(environment)) {
      this.#renderer.renderSlice(environment);
      return null;
    }
    const place = { project: this.#tables.meta.slug, environment: storedSlug(environment) };
    const blocks = rendered.sums(environment).chars > WHOLE_CHARS ? rendered.blocks(environment) : [];
    const stale = blocks.find((block) => block.stale);
    if (stale) {
      const { hash, text } = rendered.makeText(environment, stale.first);
      publications.keepBlock(blockKey(place.project, place.environment, hash), text);
      return null;
    }
    if (this.#findLost(place, blocks)) return null;
    const made = blocks.length === 0 ? this.#whole(environment) : this.#manifest(environment, blocks);
    return this.#keep(place, made);
  }

  /** Blocks whose texts are not kept any more, as after a while in which the environment was published whole. */
  #findLost({ project, environment }: Place, blocks: readonly StoredBlock[]): boolean {
    const kept = this.#tables.publications.keptBlocks(project, environment);
    const lost = blocks.filter(({ hash }) => !kept.has(blockKey(project, environment, hash)));
    for (const { hash } of lost) this.#tables.rendered.lost(environment, hash);
    return lost.length > 0;
  }

  #whole(environment: string): Made {
    const { documents, rendered } = this.#tables;
    const head = snapshotHead(documents, this.#tables.identityOf(environment));
    const identity = { minReader: WHOLE_READER, ...head, sealKey: head.sealKey };
    const joined = joinBlocks(identity, rendered.documents(environment));
    const body = JSON.stringify(snapshot.parse(joined));
    return { revision: head.revision, hash: sha256(body), body, hashes: [] };
  }

  #manifest(environment: string, blocks: readonly StoredBlock[]): Made {
    const head = snapshotHead(this.#tables.documents, this.#tables.identityOf(environment));
    const hashes = blocks.map(({ hash }) => hash);
    const chars = blocks.reduce((sum, block) => sum + block.chars, 0);
    const made: Manifest = manifest.parse({ minReader: BLOCKS_READER, ...head, blocks: hashes, chars });
    const json = JSON.stringify(made);
    const body = publishedText(json, this.#patch(environment, blocks));
    return { revision: head.revision, hash: sha256(json), body, hashes };
  }

  /** What leads from the blocks that are out to these. Null: none of them is out. */
  #patch(environment: string, blocks: readonly StoredBlock[]): ManifestPatch | null {
    if (blocks.every(({ publishedHash }) => publishedHash === "")) return null;
    const { meta, publications, rendered } = this.#tables;
    const patch: ManifestPatch = { blocks: [] };
    let chars = 0;
    for (const { first, hash, publishedHash } of blocks) {
      if (hash === publishedHash || publishedHash === "") continue;
      const before = publications.body(blockKey(meta.slug, storedSlug(environment), publishedHash));
      const entries = before === null ? null : entriesOf(before);
      if (entries === null) continue;
      const one = { from: publishedHash, to: hash, ...changesBetween(entries, rendered.entries(environment, first)) };
      chars += JSON.stringify(one).length;
      if (chars > PATCH_CHARS) break;
      patch.blocks.push(one);
    }
    return patch;
  }

  #keep({ project, environment }: Place, { revision, hash, body, hashes }: Made): Rendered {
    const { publications } = this.#tables;
    const kvKey = snapshotKey(project, environment, revision, hash);
    const keyOf = (block: string) => blockKey(project, environment, block);
    const [out] = publications.published(environment);
    // What is out already keeps the patch with which it was written: a key's value never changes.
    const written = out?.kvKey === kvKey ? publications.body(kvKey) : null;
    const rendered = { revision, hash, kvKey, blocks: hashes, blockKeys: hashes.map(keyOf), body: written ?? body };
    if (written === null) publications.keepBody(rendered);
    const standing = out ? [out.kvKey, ...publications.blocksOf(out.kvKey).map(keyOf)] : [];
    publications.intend(project, environment, rendered, new Set(standing), Date.now());
    return rendered;
  }
}

type Place = { project: Slug; environment: Slug };
type Made = { revision: number; hash: string; body: string; hashes: string[] };
