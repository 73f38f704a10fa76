import { expect, test } from "vitest";
import { makeNonce, NONCE_LIFE_MS, openNonce } from "./exposure-nonce.ts";

const SECRET = "5".repeat(64);
const NOW = Date.parse("2026-11-25T12:00:00Z");
const subject = { flag: "gift-cards", run: 2, unit: "u" };

test("a nonce opens for its own person, flag and run only, and says when and for which variant", () => {
  const nonce = makeNonce(SECRET, subject, "on.v2", NOW);
  expect(openNonce(SECRET, subject, nonce, NOW + 5)).toEqual({ madeAt: NOW, variant: "on.v2" });
  for (const other of [{ flag: "other" }, { run: 3 }, { unit: "v" }])
    expect(openNonce(SECRET, { ...subject, ...other }, nonce, NOW)).toBeNull();
  expect(openNonce("6".repeat(64), subject, nonce, NOW)).toBeNull();
});

test("none of its parts can be altered", () => {
  const parts = makeNonce(SECRET, subject, "on", NOW).split(".");
  for (const [index, part] of [
    [0, String(NOW - 1)],
    [1, "0".repeat(16)],
    [2, "0".repeat(32)],
    [3, "off"],
  ] as const) {
    const altered = parts.with(index, part).join(".");
    expect(openNonce(SECRET, subject, altered, NOW)).toBeNull();
  }
  for (const broken of ["", "...", "a.b.c.d", `${NOW}`]) expect(openNonce(SECRET, subject, broken, NOW)).toBeNull();
});

test("it grows old", () => {
  const nonce = makeNonce(SECRET, subject, "on", NOW);
  expect(openNonce(SECRET, subject, nonce, NOW + NONCE_LIFE_MS)).not.toBeNull();
  expect(openNonce(SECRET, subject, nonce, NOW + NONCE_LIFE_MS + 1)).toBeNull();
});
