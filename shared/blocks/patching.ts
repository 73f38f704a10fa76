import { blockText, byName, type Entry, entriesOf, lineOf } from "./block.ts";

/* How blocks change, apart from the schemas of patches: clients load this, and no schema. */

/** What turns one block's entries into another's. */
export interface EntryChanges {
  put: [name: string, json: string][];
  remove: string[];
}

/** Entries of `after` that are not in `before`, and names that are gone. */
export function changesBetween(before: readonly Entry[], after: readonly Entry[]): EntryChanges {
  const was = new Map(before);
  const is = new Map(after);
  return {
    put: after.filter(([name, json]) => was.get(name) !== json).map(([name, json]) => [name, json]),
    remove: before.filter(([name]) => !is.has(name)).map(([name]) => name),
  };
}

/** The block's entries with the patch applied. */
export function patched(entries: readonly Entry[], { put, remove }: EntryChanges): Entry[] {
  const result = new Map(entries);
  for (const name of remove) result.delete(name);
  for (const [name, json] of put) result.set(name, json);
  return [...result].sort(byName);
}

/** The block's text with the patch applied; null when the text is no block. */
export function patchedText(text: string, patch: EntryChanges): string | null {
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
