import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KEY_PATTERN } from "../schema/name-text.ts";
import { blockText, byName, documentsOf, type Entry, entriesOf } from "./block.ts";
import { changesBetween, patchedText, publishedText, splitPublished } from "./block-patch.ts";
import { BLOCK_CHARS, BLOCK_ENTRIES, blockChars, cut, fits } from "./partition.ts";
import { patched } from "./patching.ts";

const anyEntry = fc
  .tuple(fc.stringMatching(KEY_PATTERN), fc.json())
  .map(([key, json]): Entry => [`flag/${key}`, JSON.stringify(JSON.parse(json))]);
const anyEntries = fc
  .uniqueArray(anyEntry, { selector: ([name]) => name })
  .map((entries): Entry[] => entries.sort(byName));
const run = (count: number, chars: number): Entry[] =>
  Array.from({ length: count }, (_, index) => [`flag/f${String(index).padStart(5, "0")}`, `"${"x".repeat(chars)}"`]);

describe("a block's text", () => {
  test("holds its entries, whatever their values", () => {
    fc.assert(
      fc.property(anyEntries, (entries) => {
        expect(entriesOf(blockText(entries))).toEqual(entries);
      }),
    );
  });

  test("that is cut off or is no block gives no entries", () => {
    for (const text of ["flag/a\t1", "flag/a 1\n", "\n", "flag/a\t1\nflag/b\n"]) expect(entriesOf(text)).toBeNull();
    expect(() => documentsOf("no block")).toThrow(SyntaxError);
  });

  test("gives documents by kind, and skips kinds it does not know", () => {
    const text = blockText([
      ["flag/a", "1"],
      ["holdout/h", "2"],
      ["key/k", "3"],
      ["later/x", "4"],
      ["layer/l", "5"],
      ["segment/s", "6"],
    ]);
    const expected = { flags: { a: 1 }, holdouts: { h: 2 }, keys: [3], layers: { l: 5 }, segments: { s: 6 } };
    expect(documentsOf(text)).toEqual(expected);
  });
});

describe("a patch", () => {
  test("leads from any block to any other", () => {
    fc.assert(
      fc.property(anyEntries, anyEntries, (before, after) => {
        const changes = changesBetween(before, after);
        expect(patched(before, changes)).toEqual(after);
        expect(patchedText(blockText(before), changes)).toBe(blockText(after));
        expect(patchedText(blockText(after), changes)).toBe(blockText(after));
      }),
    );
  });

  test("of one entry gives the same text as taking all apart", () => {
    fc.assert(
      fc.property(anyEntries, fc.nat(), fc.json(), (before, at, json) => {
        const put = before.slice(at % (before.length + 1)).map(([name]): [string, string] => [name, json]);
        const text = blockText(patched(before, { put, remove: [] }));
        expect(patchedText(blockText(before), { put, remove: [] })).toBe(text);
      }),
    );
  });

  test("holds what changed, and nothing else", () => {
    const before = run(200, 1_000);
    const after = before.map(([name, json], index): Entry => [name, index === 7 ? "2" : json]);
    expect(changesBetween(before, after)).toEqual({ put: [["flag/f00007", "2"]], remove: [] });
  });

  test("lies below the manifest, and a value without one is its head alone", () => {
    expect(splitPublished(publishedText('{"a":1}', { blocks: [] }))).toEqual({
      head: '{"a":1}',
      patch: '{"blocks":[]}',
    });
    expect(splitPublished(publishedText('{"a":1}', null))).toEqual({ head: '{"a":1}', patch: null });
  });
});

describe("a partition", () => {
  test("keeps every entry, in order, in blocks within both bounds", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_500 }), fc.nat({ max: 20_000 }), (count, chars) => {
        const entries = run(count, chars);
        const blocks = cut(entries);
        expect(blocks.flat()).toEqual(entries);
        for (const block of blocks) {
          expect(block.length).toBeGreaterThan(0);
          expect(fits(block)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("gives an entry that is longer than a block one of its own", () => {
    const entries: Entry[] = [...run(3, 10), ["flag/long", `"${"x".repeat(BLOCK_CHARS * 2)}"`], ["flag/z", "1"]];
    const blocks = cut(entries);
    expect(blocks.flat()).toEqual(entries);
    expect(blocks.find((block) => block.some(([name]) => name === "flag/long"))).toHaveLength(1);
  });

  test("leaves room to grow", () => {
    for (const block of cut(run(BLOCK_ENTRIES + 1, 10))) expect(block.length).toBeLessThanOrEqual(BLOCK_ENTRIES * 0.75);
    for (const block of cut(run(100, BLOCK_CHARS / 50)))
      expect(blockChars(block)).toBeLessThanOrEqual(BLOCK_CHARS * 0.75);
  });
});
