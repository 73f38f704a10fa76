import { blockText, byName, type Entry, entriesOfSnapshot } from "../../shared/blocks/block.ts";
import { changesBetween, type ManifestPatch } from "../../shared/blocks/block-patch.ts";
import { cut, fits } from "../../shared/blocks/partition.ts";
import { BLOCKS_READER } from "../../shared/limits.ts";
import type { Manifest } from "../../shared/schema/manifest.ts";
import type { Snapshot } from "../../shared/schema/snapshot.ts";
import { sha256 } from "../crypto/sha256.ts";

/** A snapshot cut into blocks, as a store publishes it. */
export interface InBlocks {
  readonly manifest: Manifest;
  readonly head: string;
  readonly hash: string;
  readonly patch: ManifestPatch | null;
  /** Text by hash. */
  readonly texts: ReadonlyMap<string, string>;
  readonly blocks: readonly (readonly Entry[])[];
}

/** With `before`, entries stay in the blocks they were in, as far as these have room. */
export function inBlocks(snapshot: Snapshot, before: InBlocks | null): InBlocks {
  const entries = entriesOfSnapshot(snapshot);
  const blocks = before === null ? cut(entries) : kept(entries, before.blocks);
  const texts = new Map(blocks.map((block) => [sha256(blockText(block)), blockText(block)]));
  const { project, environment, epoch, revision, kills, signingKeys, sealKey } = snapshot;
  const manifest: Manifest = {
    ...{ minReader: Math.max(BLOCKS_READER, snapshot.minReader), project, environment, epoch, revision, kills },
    ...(signingKeys === undefined ? {} : { signingKeys }),
    ...(sealKey === undefined ? {} : { sealKey }),
    blocks: [...texts.keys()],
    chars: [...texts.values()].reduce((sum, { length }) => sum + length, 0),
  };
  const head = JSON.stringify(manifest);
  const patch = before && { blocks: blocks.flatMap((block) => patchesTo(block, before)) };
  return { manifest, head, hash: sha256(head), patch, texts, blocks };
}

/** Each entry goes to the last block that begins at its name or before. */
function kept(entries: readonly Entry[], before: readonly (readonly Entry[])[]): Entry[][] {
  const starts = before.map((block) => block[0]?.[0] ?? "");
  const runs: Entry[][] = starts.length === 0 ? [[]] : starts.map(() => []);
  for (const entry of [...entries].sort(byName)) {
    const at = starts.findLastIndex((start) => start <= entry[0]);
    runs[Math.max(0, at)]?.push(entry);
  }
  return runs.flatMap((run) => (run.length === 0 ? [] : fits(run) ? [run] : cut(run)));
}

function patchesTo(block: readonly Entry[], before: InBlocks): ManifestPatch["blocks"] {
  const to = sha256(blockText(block));
  if (before.texts.has(to)) return [];
  const names = new Set(block.map(([name]) => name));
  const from = before.blocks.find((one) => one.some(([name]) => names.has(name))) ?? before.blocks[0];
  return from ? [{ from: sha256(blockText(from)), to, ...changesBetween(from, block) }] : [];
}
