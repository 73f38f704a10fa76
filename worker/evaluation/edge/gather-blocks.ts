import { manifestPatch, patchedText } from "../../../shared/blocks/block-patch.ts";
import type { Manifest } from "../../../shared/schema/manifest.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { HeldBlock } from "./held-block.ts";
import type { Lanes } from "./lanes.ts";

const EMPTY = sha256("");

export interface Gathering {
  readonly manifest: Pick<Manifest, "blocks">;
  /** Below the manifest, as it came. */
  readonly patch: string | null;
  /** Blocks of the version that serves meanwhile, by hash. */
  readonly held: ReadonlyMap<string, HeldBlock>;
  /** Where those that are new wait for each other. */
  readonly arrived: Map<string, HeldBlock>;
  readonly lanes: Lanes;
  fetch(hash: string): Promise<HeldBlock | null>;
  /** Lets requests go between. */
  pause(): Promise<unknown>;
  /** False: it is not needed any more. */
  goesOn(): boolean;
}

/**
 * All blocks of a manifest, in its order: those in memory, those that the patch makes of such, and the rest by their
 * hash. Null when one could not be had, or when it was told not to go on: never a part.
 */
export async function gatherBlocks(gathering: Gathering): Promise<HeldBlock[] | null> {
  const { manifest, held, arrived, lanes } = gathering;
  const find = (hash: string) => held.get(hash) ?? arrived.get(hash);
  const missing = () => manifest.blocks.filter((hash) => find(hash) === undefined);
  if (!(await applyPatch(gathering, new Set(missing()), find))) return null;
  let isWhole = true;
  const fetchOne = async (hash: string) => {
    if (!isWhole || !gathering.goesOn()) {
      isWhole = false;
      return;
    }
    const block = await gathering.fetch(hash);
    if (block) arrived.set(hash, block);
    else isWhole = false;
  };
  await Promise.all(missing().map((hash) => lanes.run(() => fetchOne(hash))));
  if (!isWhole || !gathering.goesOn()) return null;
  return manifest.blocks.flatMap((hash) => find(hash) ?? []);
}

/** A patch is a hint: what it makes counts only under the hash that the manifest names. */
async function applyPatch(
  { patch, arrived, pause, goesOn }: Gathering,
  missing: ReadonlySet<string>,
  find: (hash: string) => HeldBlock | undefined,
): Promise<boolean> {
  if (missing.size === 0) return goesOn();
  await pause();
  for (const { from, to, put, remove } of blockPatches(patch)) {
    const before = from === EMPTY ? "" : find(from)?.text;
    if (before === undefined || !missing.has(to)) continue;
    const text = patchedText(before, { put, remove });
    const block = text === null ? null : HeldBlock.of(to, text);
    if (block) arrived.set(to, block);
    await pause();
    if (!goesOn()) return false;
  }
  return goesOn();
}

function blockPatches(text: string | null) {
  if (text === null) return [];
  try {
    return manifestPatch.safeParse(JSON.parse(text)).data?.blocks ?? [];
  } catch {
    return [];
  }
}
