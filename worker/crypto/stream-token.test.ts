import { describe, expect, test } from "vitest";
import { openStreamToken, type StreamSubject, sealStreamToken } from "./stream-token.ts";

const place = { project: "shop", environment: "production", sealKey: "00112233445566778899aabbccddeeff".repeat(2) };
const NOW = Date.parse("2027-01-01T12:00:00Z");
const subjectWith = (attributes: Record<string, unknown>): StreamSubject => ({
  keyId: "key_1",
  context: { targetingKey: "u1", ...attributes },
  etag: "0123456789abcdef",
});
const tokenOf = (subject: StreamSubject) => sealStreamToken(place, subject, NOW)?.seal() ?? null;

/** Letters of which none can be foretold, so that nothing compresses them. */
function noise(length: number, least: number, many: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(least + ((state >>> 16) % many));
  }).join("");
}

/** What proxies accept of an address; nginx takes 8 KB with the rest of the request line. */
const LONGEST_TOKEN = 6_000;

describe("a context that is too large for an address", () => {
  const orders = Array.from({ length: 200 }, (_, nth) => ({ id: `order-${nth}`, state: "delivered", items: nth % 7 }));

  test("is compressed, opens again, and gets the same token each time", () => {
    const subject = subjectWith({ orders });
    expect(JSON.stringify(subject).length).toBeGreaterThan(9_000);
    const token = tokenOf(subject) as string;
    expect(token.length).toBeLessThan(LONGEST_TOKEN);
    expect(openStreamToken(place, token, NOW)).toEqual(subject);
    expect(tokenOf(subjectWith({ orders }))).toBe(token);
  });

  test("counts as bytes, so that no letters make a longer address than others", () => {
    for (const about of [noise(3_900, 0x4e00, 20_000), noise(9_000, 33, 90), "語".repeat(3_900), "x".repeat(30_000)]) {
      const token = tokenOf(subjectWith({ about }));
      if (token !== null) expect(token.length).toBeLessThan(LONGEST_TOKEN);
    }
    expect(tokenOf(subjectWith({ about: noise(3_900, 0x4e00, 20_000) }))).toBeNull();
    expect(tokenOf(subjectWith({ about: "語".repeat(3_900) }))).not.toBeNull();
  });

  test("beyond 32 KB is not tried", () => {
    expect(tokenOf(subjectWith({ about: "x".repeat(33_000) }))).toBeNull();
  });

  test("opens no more when any byte of it is altered", () => {
    const token = tokenOf(subjectWith({ orders })) as string;
    for (let at = 2; at < token.length; at += 97) {
      const letter = token[at] === "A" ? "B" : "A";
      expect(openStreamToken(place, token.slice(0, at) + letter + token.slice(at + 1), NOW)).toBeNull();
    }
  });
});
