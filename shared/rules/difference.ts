import { entriesOf } from "../blocks/block.ts";
import type { BlockPatch } from "../blocks/block-patch.ts";
import { changesBetween } from "../blocks/patching.ts";
import type { RulesAnswer } from "./answer.ts";

type Documents = Pick<RulesAnswer, "texts" | "patches">;

/**
 * What a process that holds `before` needs for `after`, both lists of hashes. Blocks that took the place of as many
 * others go as patches where those are shorter.
 *
 * @param textOf a block's text; undefined when it is not at hand any more
 */
export function difference(
  before: readonly string[],
  after: readonly string[],
  textOf: (hash: string) => string | undefined,
): Documents {
  const [was, is] = [new Set(before), new Set(after)];
  const gone = before.filter((hash) => !is.has(hash));
  const come = after.filter((hash) => !was.has(hash));
  const texts: Record<string, string> = {};
  const patches: BlockPatch[] = [];
  for (const [index, to] of come.entries()) {
    const text = textOf(to);
    if (text === undefined) throw new Error("a block of the version in force is at hand");
    const from = gone.length === come.length ? gone[index] : undefined;
    const patch = from === undefined ? null : patchOf(from, textOf(from), to, text);
    if (patch === null) texts[to] = text;
    else patches.push(patch);
  }
  return { texts, patches };
}

function patchOf(from: string, former: string | undefined, to: string, text: string): BlockPatch | null {
  const before = former === undefined ? null : entriesOf(former);
  const after = entriesOf(text);
  if (before === null || after === null) return null;
  const patch = { from, to, ...changesBetween(before, after) };
  return JSON.stringify(patch).length * 2 < text.length ? patch : null;
}
