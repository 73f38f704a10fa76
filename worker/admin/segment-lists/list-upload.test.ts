import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sipHash, sipKey } from "../../../shared/hashing/sip-hash.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { sortHashes } from "../../../shared/segments/segment-list.ts";
import { type ListFormat, listFormat, readListHashes } from "./list-upload.ts";

const KEY = sipKey("000102030405060708090a0b0c0d0e0f");

async function* inChunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const read = (text: string, format: ListFormat = "text", size = 7) => readListHashes(inChunks(text, size), format, KEY);
const hashesOf = (keys: string[]) =>
  sortHashes(new Uint32Array(keys.flatMap((key) => [sipHash(KEY, key).low, sipHash(KEY, key).high])));

const aKey = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((key) => !/[\r\n\ufeff]/.test(key));

describe("an upload", () => {
  test("is the set of its lines, however the bytes come and lines end", async () => {
    const run = fc.asyncProperty(
      fc.array(aKey),
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      async (keys, size, ending, closed) => {
        const text = keys.join(ending) + (closed ? ending : "");
        expect(await read(text, "text", size)).toEqual(hashesOf(keys));
        expect(await read(keys.map((key) => JSON.stringify(key)).join(ending), "ndjson", size)).toEqual(hashesOf(keys));
      },
    );
    await fc.assert(run);
  });

  test("keeps spaces, skips empty lines and a byte order mark, and takes numbers as contexts have them", async () => {
    expect(await read("\ufeffa\n\n b \n")).toEqual(hashesOf(["a", " b "]));
    expect(await read('7\n"7"\n1.5\n', "ndjson")).toEqual(hashesOf(["7", "1.5"]));
    expect(await read("")).toEqual(new Uint32Array());
  });

  test("names the line that cannot be a key", async () => {
    const long = "x".repeat(LIMITS.conditionValueChars);
    expect(await read(`a\n${long}`)).toEqual(hashesOf(["a", long]));
    expect(await read(`a\n${long}x\nb`)).toMatchObject({ fault: "line", line: 2 });
    expect(await read('"a"\n{"b":1}', "ndjson")).toMatchObject({ fault: "line", line: 2 });
    expect(await read("a\nnot json", "ndjson")).toMatchObject({ fault: "line", line: 1 });
    expect(await read('""', "ndjson")).toMatchObject({ fault: "line", line: 1 });
  });

  test("that is no UTF-8 is refused with its line: broken keys would all become the same one", async () => {
    const bytes = (...parts: (string | number)[]) =>
      Uint8Array.from(
        parts.flatMap((part) => (typeof part === "string" ? [...new TextEncoder().encode(part)] : [part])),
      );
    const sent = (size: number, ...parts: (string | number)[]) => {
      const whole = bytes(...parts);
      async function* chunks() {
        for (let at = 0; at < whole.length; at += size) yield whole.subarray(at, at + size);
      }
      return readListHashes(chunks(), "text", KEY);
    };
    for (const size of [1, 2, 5, 100]) {
      expect(await sent(size, "ä\nb\n", 0xff, "\nc")).toEqual({ fault: "line", line: 3, message: "is not UTF-8" });
      expect(await sent(size, "ä€\nb", 0xe2, 0x82)).toMatchObject({ fault: "line", line: 2 });
      expect(await sent(size, 0x80, "\nb")).toMatchObject({ fault: "line", line: 1 });
      expect(await sent(size, "ä€😀\n\ufffd")).toEqual(hashesOf(["ä€😀", "\ufffd"]));
    }
  });

  test("without line ends is refused before it is gathered", async () => {
    let sent = 0;
    async function* endless() {
      for (;;) {
        sent++;
        yield new Uint8Array(65_536).fill(120);
      }
    }
    expect(await readListHashes(endless(), "text", KEY)).toMatchObject({ fault: "line", line: 1 });
    expect(sent).toBe(1);
  });

  test("beyond the limit of bytes is refused there, whatever was announced", async () => {
    let sent = 0;
    async function* endless() {
      const chunk = new TextEncoder().encode("user\n".repeat(200_000));
      for (;;) {
        sent += chunk.byteLength;
        yield chunk;
      }
    }
    expect(await readListHashes(endless(), "text", KEY)).toEqual({
      fault: "too-large",
      limit: LIMITS.segmentListBytes,
    });
    expect(sent).toBeLessThan(LIMITS.segmentListBytes + 2_000_000);
  });
});

test("formats go by content type", () => {
  expect(
    ["text/plain", "Text/Plain; charset=utf-8", "application/x-ndjson", "application/ndjson"].map(listFormat),
  ).toEqual(["text", "text", "ndjson", "ndjson"]);
  expect(["application/json", "text/plainer", "", undefined].map(listFormat)).toEqual([null, null, null, null]);
});
