import { type BlockDocuments, documentsOf } from "../../shared/blocks/block.ts";
import { patchedText } from "../../shared/blocks/patching.ts";
import type { BlockSource } from "../../shared/evaluation/compile/compile-blocks.ts";
import type { RulesAnswer } from "../../shared/rules/answer.ts";
import { sha256 } from "./sha256.ts";

/** A block as the process holds it: its text, parsed when something of it is compiled. */
export class Block implements BlockSource {
  readonly hash: string;
  readonly text: string;

  private constructor(hash: string, text: string) {
    this.hash = hash;
    this.text = text;
  }

  /** Null when the text is not what the hash promises. */
  static async of(hash: string, text: string): Promise<Block | null> {
    return (await sha256(text)) === hash ? new Block(hash, text) : null;
  }

  documents(): BlockDocuments {
    return documentsOf(this.text);
  }
}

/**
 * All blocks that an answer names, in its order: those that are held, those that came, and those that patches make of
 * held ones. Each counts only under its hash. Null when one is missing: then everything has to be asked for.
 */
export async function gather(
  { blocks, texts, patches }: Pick<RulesAnswer, "blocks" | "texts" | "patches">,
  held: ReadonlyMap<string, Block>,
): Promise<Map<string, Block> | null> {
  const patchTo = new Map(patches.map((patch) => [patch.to, patch]));
  const gathered = new Map<string, Block>();
  for (const hash of blocks) {
    const patch = patchTo.get(hash);
    const before = patch && held.get(patch.from);
    const text = Object.hasOwn(texts, hash) ? texts[hash] : patch && before ? patchedText(before.text, patch) : null;
    const block = held.get(hash) ?? (typeof text === "string" ? await Block.of(hash, text) : null);
    if (block === null) return null;
    gathered.set(hash, block);
  }
  return gathered;
}
