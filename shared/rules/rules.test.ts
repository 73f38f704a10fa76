import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockText, documentsOf, type Entry, entriesOf } from "../blocks/block.ts";
import { patchedText } from "../blocks/block-patch.ts";
import { difference } from "./difference.ts";
import { type FormerReader, readerState, servedUntil } from "./readers.ts";
import { renderedBlock } from "./render-block.ts";

const flag = { variants: { on: true }, offVariant: "on", visibility: "public", seed: "s", state: { enabled: true } };

describe("a block outside the edge", () => {
  test("holds no key, no test and no series, and everything else as it was", () => {
    const text = blockText([
      ["flag/a", JSON.stringify({ ...flag, series: { id: "s1" }, test: { kind: "fake-door", message: "Soon" } })],
      // Names of fields as values, or deeper, are the customer's own.
      ["flag/b", JSON.stringify({ ...flag, variants: { test: '"series":', series: { test: 1 } } })],
      ["holdout/h", '{"by":"targetingKey","seed":"h","share":5}'],
      ["key/key_1", JSON.stringify({ id: "key_1", hash: "f".repeat(64), kind: "server", origins: [] })],
      ["segment/vip", '{"by":"targetingKey","included":["u1"],"excluded":[]}'],
    ]);
    const rendered = renderedBlock(text);
    for (const secret of ["key_1", "ffff", "fake-door", "Soon", '"s1"']) expect(rendered).not.toContain(secret);
    const { flags, keys, segments, holdouts } = documentsOf(rendered);
    expect(flags).toEqual({ a: flag, b: { ...flag, variants: { test: '"series":', series: { test: 1 } } } });
    expect([keys, Object.keys(segments), Object.keys(holdouts)]).toEqual([[], ["vip"], ["h"]]);
  });

  test("is the same text where there is nothing to leave out, so that it is held once", () => {
    const text = blockText([["flag/a", JSON.stringify(flag)]]);
    expect(renderedBlock(text)).toBe(text);
    expect(renderedBlock(blockText([["key/k", "{}"]]))).toBe("");
  });
});

describe("the difference between two versions", () => {
  const anyEntries = fc
    .uniqueArray(fc.tuple(fc.constantFrom(..."abcdefghij"), fc.nat(3)), { selector: ([name]) => name, maxLength: 10 })
    .map((all) =>
      all
        .map(([name, n]): Entry => [`flag/${name}`, `{"n":"${"and as long as a flag".repeat(n)}"}`])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  const anyBlocks = fc
    .tuple(anyEntries, fc.integer({ min: 1, max: 4 }))
    .map(([entries, size]) =>
      Array.from({ length: Math.ceil(entries.length / size) }, (_, index) =>
        blockText(entries.slice(index * size, (index + 1) * size)),
      ),
    );

  test("makes the later version of the former, and sends no block that is held", () => {
    fc.assert(
      fc.property(anyBlocks, anyBlocks, (before, after) => {
        const all = [...new Set([...before, ...after])];
        const hashes = (texts: readonly string[]) => texts.map((text) => `#${all.indexOf(text)}`);
        const textOf = (hash: string) => all[Number(hash.slice(1))] as string;
        const { texts, patches } = difference(hashes(before), hashes(after), textOf);
        const held = new Set(hashes(before));
        const made = hashes(after).map((hash) => {
          const patch = patches.find(({ to }) => to === hash);
          return held.has(hash) ? textOf(hash) : (texts[hash] ?? (patch && patchedText(textOf(patch.from), patch)));
        });
        expect(made).toEqual(after);
        for (const hash of [...Object.keys(texts), ...patches.map(({ to }) => to)]) expect(held.has(hash)).toBe(false);
        for (const { from } of patches) expect(held.has(from)).toBe(true);
      }),
    );
  });

  test("of one flag among many is a patch of that flag", () => {
    const entries = (last: string) =>
      Array.from({ length: 200 }, (_, n): Entry => [`flag/${n}`, `{"n":"${n === 7 ? last : "same and quite long"}"}`]);
    const [before, after] = [blockText(entries("old")), blockText(entries("new"))];
    const { texts, patches } = difference(["before"], ["after"], (hash) => (hash === "before" ? before : after));
    expect(texts).toEqual({});
    expect(patches).toEqual([{ from: "before", to: "after", put: [["flag/7", '{"n":"new"}']], remove: [] }]);
    expect(entriesOf(after)).toHaveLength(200);
  });

  test("of a block that is not at hand any more is the whole block", () => {
    const { texts, patches } = difference(["gone"], ["come"], (hash) => (hash === "gone" ? undefined : "text"));
    expect([texts, patches]).toEqual([{ come: "text" }, []]);
  });
});

describe("a reader's version", () => {
  const former: FormerReader[] = [{ reader: 1, succeeded: "2027-01-31" }];
  const state = (reader: number, day: string) => readerState(reader, Date.parse(`${day}T12:00:00Z`), former, 2);

  test("is served for twelve months after the next one, to the day", () => {
    expect(servedUntil(former[0] as FormerReader)).toBe("2028-01-31");
    expect(state(1, "2027-06-01")).toEqual({ is: "served" });
    expect(state(1, "2028-01-31")).toEqual({ is: "served" });
    expect(state(1, "2028-02-01")).toEqual({ is: "over", since: "2028-01-31" });
  });

  test("that is current is served, and one that nobody has written is unknown", () => {
    expect([state(2, "2030-01-01").is, state(3, "2027-06-01").is, state(0, "2027-06-01").is]).toEqual([
      ...["served", "unknown", "unknown"],
    ]);
    expect(readerState(1, Date.now())).toEqual({ is: "served" });
  });
});
