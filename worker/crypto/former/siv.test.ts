import { describe, expect, test } from "vitest";
import { openSiv } from "./siv.ts";

const secret = "00112233445566778899aabbccddeeff".repeat(2);
const bytesOf = (sealed: string) => Uint8Array.fromBase64(sealed, { alphabet: "base64url" });
const textOf = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

/** Texts and what earlier versions sealed them as. */
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

describe("a stream token of an earlier version", () => {
  test("opens, so that a deployment does not end the streams of open pages", () => {
    for (const [text, sealed] of MADE_BEFORE) expect(openSiv(secret, sealed)).toBe(text);
  });

  test("opens with no other secret", () => {
    for (const [, sealed] of MADE_BEFORE) expect(openSiv(`ff${secret.slice(2)}`, sealed)).toBeNull();
  });

  test("opens no more when any bit is flipped", () => {
    const sealed = bytesOf(MADE_BEFORE[2][1]);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = sealed.slice();
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(openSiv(secret, textOf(altered))).toBeNull();
    }
  });

  test("opens no more when it is cut, prolonged or spelt in another way", () => {
    const [, sealed] = MADE_BEFORE[4];
    const bytes = bytesOf(sealed);
    for (let length = 0; length < bytes.length; length++)
      expect(openSiv(secret, textOf(bytes.subarray(0, length)))).toBeNull();
    for (const broken of [textOf(Uint8Array.of(...bytes, 0)), "!", `${sealed} `, `${sealed}==`, "ü"])
      expect(openSiv(secret, broken)).toBeNull();
  });

  test("opens no more when altered bytes decode to the same text", () => {
    // "\ufffd" is what a decoder makes of anything broken: here of F0 90 80, a character that is cut short.
    const bytes = bytesOf(MADE_BEFORE[4][1]);
    for (const [at, [was, is]] of [
      [0xef, 0xf0],
      [0xbf, 0x90],
      [0xbd, 0x80],
    ].entries())
      bytes[16 + at]! ^= was! ^ is!;
    expect(openSiv(secret, textOf(bytes))).toBeNull();
  });
});
