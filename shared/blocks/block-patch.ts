import { z } from "zod";

export { changesBetween, patchedText } from "./patching.ts";

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

/** A published value: the manifest, whose hash the pointer names, and below it the patch from the one before. */
export const publishedText = (manifestJson: string, patch: ManifestPatch | null): string =>
  patch === null ? manifestJson : `${manifestJson}\n${JSON.stringify(patch)}`;

/** The two parts of a published value. A whole snapshot has the first only. */
export function splitPublished(text: string): { head: string; patch: string | null } {
  const end = text.indexOf("\n");
  return end < 0 ? { head: text, patch: null } : { head: text.slice(0, end), patch: text.slice(end + 1) };
}
