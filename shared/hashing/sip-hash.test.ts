import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sipHash, sipKey } from "./sip-hash.ts";

const KEY = sipKey("000102030405060708090a0b0c0d0e0f");
const hex = (text: string, key = KEY): string => {
  const { high, low } = sipHash(key, text);
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
};
const counting = (length: number): string => String.fromCharCode(...Array.from({ length }, (_, index) => index));

describe("SipHash-2-4", () => {
  test("gives the authors' test vectors (key 00..0f, input 00 01 02 …)", () => {
    // From vectors_sip64 of the reference implementation, read as little-endian integers.
    const vectors: Record<number, string> = {
      0: "726fdb47dd0e0e31",
      1: "74f839c593dc67fd",
      7: "ab0200f58b01d137",
      8: "93f5f5799a932462",
      15: "a129ca6149be45e5",
      63: "958a324ceb064572",
    };
    for (const [length, hash] of Object.entries(vectors)) expect(hex(counting(Number(length)))).toBe(hash);
  });

  test("hashes UTF-8 (value from OpenSSL)", () => {
    expect(hex("Zoë-🙂")).toBe("4f4a6c0c7daafbf0");
  });

  test("lone surrogates hash as U+FFFD, so that text and its UTF-8 agree", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const back = new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
        expect(hex(back)).toBe(hex(text));
      }),
    );
    expect(hex("a\ud800")).toBe(hex("a\ufffd"));
  });

  test("long texts neither fail nor disturb short ones", () => {
    const before = hex("u1");
    expect(hex("x".repeat(100_000))).not.toBe(hex("x".repeat(99_999)));
    expect(hex("ü".repeat(50_000))).toHaveLength(16);
    expect(hex("u1")).toBe(before);
  });

  test("another key, another hash", () => {
    expect(hex("u1", sipKey("f".repeat(32)))).not.toBe(hex("u1"));
  });
});
