import { blockText, type Entry, entriesOf } from "../blocks/block.ts";

/** What only the edge needs of a flag: how events count, and what a test shows and asks. */
const OF_EDGES = ["series", "test"] as const;

/**
 * A block without what a process outside the edge must not hold: keys, tests and series. Throws for a text that is no
 * block. Most blocks hold nothing of it and stay the same text.
 */
export function renderedBlock(text: string): string {
  const entries = entriesOf(text);
  if (entries === null) throw new SyntaxError("the text is no block");
  const rendered = renderedEntries(entries);
  const isSame = rendered.length === entries.length && rendered.every((entry, index) => entry === entries[index]);
  return isSame ? text : blockText(rendered);
}

/** The same of entries; those that stay as they are are the same objects. */
export const renderedEntries = (entries: readonly Entry[]): Entry[] =>
  entries.filter(([name]) => !name.startsWith("key/")).map(renderedEntry);

function renderedEntry(entry: Entry): Entry {
  const [name, json] = entry;
  // A field stands in the text as it is written here, so most flags need not be parsed.
  if (!name.startsWith("flag/") || !OF_EDGES.some((field) => json.includes(`"${field}":`))) return entry;
  const flag = JSON.parse(json) as Record<string, unknown>;
  for (const field of OF_EDGES) delete flag[field];
  const rest = JSON.stringify(flag);
  return rest === json ? entry : [name, rest];
}
