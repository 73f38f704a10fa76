import { createHmac, hkdfSync } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { describe, expect, test } from "vitest";
import { open, type SealedFor, seal } from "./seal.ts";

const secret = "00112233445566778899aabbccddeeff".repeat(2);
const place: SealedFor = { use: "stream-token", project: "shop", environment: "production" };
const bytesOf = (sealed: string) => Uint8Array.fromBase64(sealed.slice(2), { alphabet: "base64url" });
const textOf = (bytes: Uint8Array) => `2.${bytes.toBase64({ alphabet: "base64url", omitPadding: true })}`;

describe("a sealed text", () => {
  test("opens again, whatever characters it has", () => {
    for (const text of ["", "a", '{"a":1}', "ä€😀", "\u0000\u007f\u0080", "\ufeffx", "x".repeat(5_000), "\ufffd"])
      expect(open(secret, place, seal(secret, place, text))).toBe(text);
  });

  test("is the same each time, so that a stream keeps its address", () => {
    expect(seal(secret, place, "text")).toBe(seal(secret, place, "text"));
  });

  test("opens with no other secret", () => {
    expect(open(`ff${secret.slice(2)}`, place, seal(secret, place, "text"))).toBeNull();
  });

  test("opens for its own use, project and environment only, even where their letters run together", () => {
    const sealed = seal(secret, place, "text");
    const others: SealedFor[] = [
      { ...place, use: "preview" },
      { ...place, project: "shop2" },
      { ...place, environment: "staging" },
      { ...place, environment: "" },
      { ...place, project: "shopp", environment: "roduction" },
    ];
    for (const other of others) expect(open(secret, other, sealed)).toBeNull();
    const addresses = new Set([place, ...others].map((one) => seal(secret, one, "text")));
    expect(addresses.size).toBe(6);
  });

  test("opens no more when any bit is flipped", () => {
    const sealed = bytesOf(seal(secret, place, '{"context":{"plan":"free"}}'));
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = sealed.slice();
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(open(secret, place, textOf(altered))).toBeNull();
    }
  });

  test("opens no more when it is cut, prolonged, without its version or no base64url", () => {
    const sealed = seal(secret, place, "some text of a context");
    const bytes = bytesOf(sealed);
    for (let length = 0; length < bytes.length; length++)
      expect(open(secret, place, textOf(bytes.subarray(0, length)))).toBeNull();
    expect(open(secret, place, textOf(Uint8Array.of(...bytes, 0)))).toBeNull();
    for (const broken of ["", "!", "2.", `${sealed}!`, `${sealed}==`, "ü", sealed.slice(2), `3.${sealed.slice(2)}`])
      expect(open(secret, place, broken)).toBeNull();
  });

  test("opens in one spelling of its base64url only: a count by its spelling cannot be evaded", () => {
    const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const text of ["a", "ab", "abc"]) {
      const sealed = seal(secret, place, text);
      const pad = "=".repeat((4 - ((sealed.length - 2) % 4)) % 4);
      const spellings = [
        `${sealed} `,
        `2. ${sealed.slice(2)}`,
        `${sealed}\n`,
        `${sealed.slice(0, 5)}\t${sealed.slice(5)}`,
      ];
      // Stray bits behind the last byte: the decoder drops them.
      if (pad) spellings.push(sealed + pad, sealed.slice(0, -1) + digits[digits.indexOf(sealed.at(-1) ?? "") + 1]);
      for (const spelt of spellings) expect([spelt, open(secret, place, spelt)]).toEqual([spelt, null]);
    }
  });

  test("hides its text: one that differs in its last character shares no run of bytes", () => {
    const context = `{"context":{"targetingKey":"${"u".repeat(200)}"},"n":`;
    const [one, two] = [bytesOf(seal(secret, place, `${context}1`)), bytesOf(seal(secret, place, `${context}2`))];
    let longest = 0;
    for (let at = 0, run = 0; at < one.length; at++) {
      run = one[at] === two[at] ? run + 1 : 0;
      longest = Math.max(longest, run);
    }
    // By chance, four in a row among 260 bytes happen once in sixteen million.
    expect(longest).toBeLessThan(4);
  });

  test("has a nonce of which every byte is used", () => {
    const seen = Array.from({ length: 24 }, () => new Set<number>());
    for (let index = 0; index < 200; index++)
      for (const [at, byte] of bytesOf(seal(secret, place, `text ${index}`))
        .subarray(0, 24)
        .entries())
        seen[at]?.add(byte);
    for (const values of seen) expect(values.size).toBeGreaterThan(64);
  });

  test("is what the formula in the file says, step by step", () => {
    const field = (text: string | Uint8Array) => {
      const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
      return [
        bytes.length >>> 24,
        (bytes.length >>> 16) & 255,
        (bytes.length >>> 8) & 255,
        bytes.length & 255,
        ...bytes,
      ];
    };
    const key = (use: string) =>
      new Uint8Array(hkdfSync("sha256", Uint8Array.fromHex(secret), new Uint8Array(0), `blastdoor/${use}`, 32));
    const ad = Uint8Array.from([...field("stream-token"), ...field("shop"), ...field("production")]);
    const content = new TextEncoder().encode("Grüße");
    const message = Uint8Array.from([...field(ad), ...field(content)]);
    const nonce = createHmac("sha256", key("seal/2/nonce")).update(message).digest().slice(0, 24);
    const sealed = xchacha20poly1305(key("seal/2/cipher"), new Uint8Array(nonce), ad).encrypt(content);
    expect(seal(secret, place, "Grüße")).toBe(textOf(Uint8Array.from([...nonce, ...sealed])));
  });
});
