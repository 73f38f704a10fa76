import { z } from "zod";
import { blockText, byName, type Entry, entriesOf, lineOf } from "./block.ts";

/** What turns one block into its successor. The result's hash says whether it did. */
export const blockPatch = z.object({
  /** SHA-256 of the block before and after. */
  from: z.string().length(64),
  to: z.string().length(64),
  put: z.array(z.tuple([z.string(), z.string()])),
  remove: z.array(z.string()),
});
export type BlockPatch = z.infer<typeof blockPatch>;

/**
 * What an edge that holds the manifest before needs for this one, beside its text. A hint: whatever it lacks or says
 * wrongly, the blocks themselves can be had under the hashes that the manifest names.
 */
export const manifestPatch = z.object({ blocks: z.array(blockPatch) });
export type ManifestPatch = z.infer<typeof manifestPatch>;

/** Entries of `after` that are not in `before`, and names that are gone. */
export function changesBetween(before: readonly Entry[], after: readonly Entry[]): Pick<BlockPatch, "put" | "remove"> {
  const was = new Map(before);
  const is = new Map(after);
  return {
    put: after.filter(([name, json]) => was.get(name) !== json).map(([name, json]) => [name, json]),
    remove: before.filter(([name]) => !is.has(name)).map(([name]) => name),
  };
}

/** The block's entries with the patch applied. */
export function patched(entries: readonly Entry[], { put, remove }: Pick<BlockPatch, "put" | "remove">): Entry[] {
  const result = new Map(entries);
  for (const name of remove) result.delete(name);
  for (const [name, json] of put) result.set(name, json);
  return [...result].sort(byName);
}

/** A published value: the manifest, whose hash the pointer names, and below it the patch from the one before. */
export const publishedText = (manifestJson: string, patch: ManifestPatch | null): string =>
  patch === null ? manifestJson : `${manifestJson}\n${JSON.stringify(patch)}`;

/** The two parts of a published value. A whole snapshot has the first only. */
export function splitPublished(text: string): { head: string; patch: string | null } {
  const end = text.indexOf("\n");
  return end < 0 ? { head: text, patch: null } : { head: text.slice(0, end), patch: text.slice(end + 1) };
}

/** The block's text with the patch applied; null when the text is no block. */
export function patchedText(text: string, patch: Pick<BlockPatch, "put" | "remove">): string | null {
  const replaced = patch.remove.length === 0 ? withLines(text, patch.put) : null;
  if (replaced !== null) return replaced;
  const entries = entriesOf(text);
  return entries === null ? null : blockText(patched(entries, patch));
}

/** The usual change, of a few entries that are there, without taking the others apart. Null: it is another one. */
function withLines(text: string, put: readonly Entry[]): string | null {
  if (put.length > FEW) return null;
  let result = text;
  for (const [name, json] of put) {
    const start = lineOf(result, name);
    if (start === null) return null;
    const end = result.indexOf("\n", start);
    if (end < 0) return null;
    result = `${result.slice(0, start)}${name}\t${json}${result.slice(end)}`;
  }
  return result;
}

const FEW = 8;
