import type { Snapshot } from "../schema/snapshot.ts";

/*
 * A large snapshot is cut into blocks. A block is a run of entries in the order of their names: the unit that has a
 * hash, that a cold edge loads, and that is compiled again when one of its entries changes.
 */

/** The documents of a snapshot that are entries of blocks; the part of an entry's name before the slash. */
export type EntryKind = "flag" | "holdout" | "key" | "layer" | "segment";

/** One document: its name, such as `flag/checkout`, and its JSON on one line. */
export type Entry = readonly [name: string, json: string];

export const entryName = (kind: EntryKind, key: string): string => `${kind}/${key}`;

/** Documents by kind and key, as in a snapshot. */
export type BlockDocuments = Pick<Snapshot, "flags" | "segments" | "layers" | "holdouts" | "keys">;

/** The order of entries: of their names' code units, which no locale changes. */
export const byName = ([a]: Entry, [b]: Entry): number => (a < b ? -1 : a > b ? 1 : 0);

/** A line each: the name, a tab, the JSON. Neither holds a tab or a line break, so lines can be found as text. */
export const blockText = (entries: readonly Entry[]): string =>
  entries.map(([name, json]) => `${name}\t${json}\n`).join("");

/** What `blockText` joined. Null for a text that it did not make. */
export function entriesOf(text: string): Entry[] | null {
  if (text === "") return [];
  if (!text.endsWith("\n")) return null;
  const entries: Entry[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf("\n", start);
    const tab = text.indexOf("\t", start);
    if (tab < 0 || tab > end) return null;
    entries.push([text.slice(start, tab), text.slice(tab + 1, end)]);
    start = end + 1;
  }
  return entries;
}

/** Where an entry's line begins in a block's text; null when it is not there. No name and no JSON looks like one. */
export function lineOf(text: string, name: string): number | null {
  const start = `${name}\t`;
  if (text.startsWith(start)) return 0;
  const before = text.indexOf(`\n${start}`);
  return before < 0 ? null : before + 1;
}

/** The documents of a block. Throws for a text that is none, as JSON.parse does. Kinds of later versions are skipped. */
export function documentsOf(text: string): BlockDocuments {
  const entries = entriesOf(text);
  if (entries === null) throw new SyntaxError("the text is no block");
  const documents: BlockDocuments = { flags: {}, segments: {}, layers: {}, holdouts: {}, keys: [] };
  for (const [name, json] of entries) {
    const slash = name.indexOf("/");
    const key = name.slice(slash + 1);
    const document = JSON.parse(json);
    switch (name.slice(0, slash)) {
      case "flag":
        documents.flags[key] = document;
        break;
      case "holdout":
        documents.holdouts[key] = document;
        break;
      case "key":
        documents.keys.push(document);
        break;
      case "layer":
        documents.layers[key] = document;
        break;
      case "segment":
        documents.segments[key] = document;
        break;
    }
  }
  return documents;
}

/** All entries of a snapshot, in their order. */
export function entriesOfSnapshot(snapshot: BlockDocuments): Entry[] {
  const of = (kind: EntryKind, documents: Record<string, unknown>): Entry[] =>
    Object.entries(documents).map(([key, document]) => [entryName(kind, key), JSON.stringify(document)]);
  return [
    ...of("flag", snapshot.flags),
    ...of("holdout", snapshot.holdouts),
    ...snapshot.keys.map((key): Entry => [entryName("key", key.id), JSON.stringify(key)]),
    ...of("layer", snapshot.layers),
    ...of("segment", snapshot.segments),
  ].sort(byName);
}

/** One snapshot of what a manifest says and the documents of all its blocks. */
export function joinBlocks(
  head: Pick<
    Snapshot,
    "minReader" | "project" | "environment" | "epoch" | "revision" | "kills" | "signingKeys" | "sealKey"
  >,
  blocks: readonly BlockDocuments[],
): Snapshot {
  const { minReader, project, environment, epoch, revision, kills, signingKeys, sealKey } = head;
  return {
    minReader,
    project,
    environment,
    epoch,
    revision,
    flags: Object.assign({}, ...blocks.map(({ flags }) => flags)),
    segments: Object.assign({}, ...blocks.map(({ segments }) => segments)),
    layers: Object.assign({}, ...blocks.map(({ layers }) => layers)),
    holdouts: Object.assign({}, ...blocks.map(({ holdouts }) => holdouts)),
    keys: blocks.flatMap(({ keys }) => keys),
    kills,
    ...(signingKeys === undefined ? {} : { signingKeys }),
    ...(sealKey === undefined ? {} : { sealKey }),
  };
}
