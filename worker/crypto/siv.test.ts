import { describe, expect, test } from "vitest";
import { sivOpen, sivSeal } from "./siv.ts";

const secret = "00112233445566778899aabbccddeeff".repeat(2);
const other = "ff112233445566778899aabbccddeeff".repeat(2);
const bytesOf = (sealed: string) => Uint8Array.fromBase64(sealed, { alphabet: "base64url" });
const textOf = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

const MADE_BEFORE = [
  ["", "3eTGY0heZ15EoEcxOE6GzQ"],
  ["a", "SCJtBD4A5KaxNZImZ6BnszU"],
  [
    '{"keyId":"key_1","context":{"targetingKey":"u1","plan":"free"},"etag":"abc","expires":1796000000000}',
    "IOhIXFjII5GCE0GD2WWX9MvzGa_wTf2y4NQ0pFnh9-nkceP6wg5b1a07yrwns0s8iNY-wXJH_9uU8rFaL4vBHrfOprJ8QDfrAU16aGIJ405ORcM35QONwvUzFtGoKmNsJp0scsXfxnvi1_N8y3pjMXyTghY",
  ],
  ["ä€😀 naïve", "Nww7ozs0ktJ07bZ558k1i5nn2c1zwnYHGbmGisIA68s"],
  ["\ufffd replacement", "rD8YoEeeKBsPm6kiKHqViGqbpFmC9Cg3dIR95nL3pg"],
  [
    `${"x".repeat(70)}é`,
    "KXRp5X71XA1LP_DjH8ACS_oY9Nm3gyCGd6uXZfohrmeGUW9Zr3KkqQ79isivP-cHKmNkGCsAX8aIiSUChMvOqAmtXdhEbMAbywQM1wbC5rXKWVRMxQQdbg",
  ],
  // An earlier version could not open this one: its decoder took the first character for a byte order mark.
  ["\ufeff bom first", "3OFjkxqY9otfe46UXgNhm2ze8sDNDzK6o2vVmY8"],
] as const;

describe("a sealed text", () => {
  test("opens again, whatever characters it has", () => {
    for (const text of ["", "a", '{"a":1}', "ä€😀", "\u0000\u007f\u0080", "x".repeat(5_000), `${"x".repeat(63)}é`])
      expect(sivOpen(secret, sivSeal(secret, text))).toBe(text);
  });

  test("is the same each time, so that a stream keeps its address", () => {
    expect(sivSeal(secret, "text")).toBe(sivSeal(secret, "text"));
  });

  test("opens with no other secret", () => {
    expect(sivOpen(other, sivSeal(secret, "text"))).toBeNull();
  });

  test("opens no more when any bit is flipped", () => {
    const sealed = bytesOf(sivSeal(secret, '{"context":{"plan":"free"}}'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = sealed.slice();
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(sivOpen(secret, textOf(altered))).toBeNull();
    }
  });

  test("opens no more when it is cut, prolonged or no base64url", () => {
    const sealed = sivSeal(secret, "some text of a context");
    const bytes = bytesOf(sealed);
    for (let length = 0; length < bytes.length; length++)
      expect(sivOpen(secret, textOf(bytes.subarray(0, length)))).toBeNull();
    expect(sivOpen(secret, textOf(Uint8Array.of(...bytes, 0)))).toBeNull();
    for (const broken of ["!", `${sealed}!`, `${sealed}==x`, "ü"]) expect(sivOpen(secret, broken)).toBeNull();
  });

  test("opens in one spelling of its base64url only", () => {
    for (const text of ["a", "ab", "abc"]) {
      const sealed = sivSeal(secret, text);
      const pad = "=".repeat((4 - (sealed.length % 4)) % 4);
      const spellings = [`${sealed} `, ` ${sealed}`, `${sealed}\n`, `${sealed.slice(0, 5)}\t${sealed.slice(5)}`];
      if (pad) spellings.push(sealed + pad);
      // Stray bits behind the last byte: the decoder drops them.
      const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
      const last = digits.indexOf(sealed.at(-1) ?? "");
      if (pad) spellings.push(sealed.slice(0, -1) + digits[last + 1]);
      for (const spelt of spellings) expect([spelt, sivOpen(secret, spelt)]).toEqual([spelt, null]);
    }
  });

  test("opens no more when altered bytes decode to the same text", () => {
    // "�" is what a decoder makes of anything broken: here of F0 90 80, a character that is cut short.
    const bytes = bytesOf(sivSeal(secret, "a\ufffdb"));
    for (const [at, [was, is]] of [
      [0xef, 0xf0],
      [0xbf, 0x90],
      [0xbd, 0x80],
    ].entries())
      bytes[17 + at]! ^= was! ^ is!;
    expect(sivOpen(secret, textOf(bytes))).toBeNull();
  });

  test("that an earlier version made opens, and is made alike today", () => {
    // Stream tokens live for up to twelve hours, so a deployment must not end them. Made at commit 0bea63b.
    for (const [text, sealed] of MADE_BEFORE) {
      expect(sivOpen(secret, sealed)).toBe(text);
      expect(sivSeal(secret, text)).toBe(sealed);
    }
  });

  test("shows nothing of the text: one that differs in its last character shares no run of bytes", () => {
    const context = `{"context":{"targetingKey":"${"u".repeat(200)}"},"n":`;
    const [one, two] = [bytesOf(sivSeal(secret, `${context}1`)), bytesOf(sivSeal(secret, `${context}2`))];
    let longest = 0;
    for (let at = 0, run = 0; at < one.length; at++) {
      run = one[at] === two[at] ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    // By chance, four in a row among 250 bytes happens once in seventeen million.
    expect(longest).toBeLessThan(4);
  });

  test("tags differ in every byte over many texts: all 128 bits are used", () => {
    const seen = Array.from({ length: 16 }, () => new Set<number>());
    for (let index = 0; index < 200; index++)
      for (const [at, byte] of bytesOf(sivSeal(secret, `text ${index}`))
        .subarray(0, 16)
        .entries())
        seen[at]?.add(byte);
    for (const values of seen) expect(values.size).toBeGreaterThan(64);
  });
});
