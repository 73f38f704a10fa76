import { describe, expect, test } from "vitest";
import { sivOpen, sivSeal } from "./siv.ts";

const secret = "00112233445566778899aabbccddeeff".repeat(2);
const other = "ff112233445566778899aabbccddeeff".repeat(2);
const bytesOf = (sealed: string) => Uint8Array.fromBase64(sealed, { alphabet: "base64url" });
const textOf = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

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
