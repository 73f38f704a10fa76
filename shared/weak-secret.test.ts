import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { secretWeakness } from "./weak-secret.ts";

test("random secrets will do, in every usual alphabet", () => {
  for (let round = 0; round < 500; round++) {
    for (const text of [
      randomBytes(16).toString("hex"),
      randomBytes(32).toString("hex"),
      `bda_${randomBytes(32).toString("base64url")}`,
      `bda_${randomBytes(21).toString("base64url")}`,
    ])
      expect([text, secretWeakness(text)]).toEqual([text, null]);
  }
});

test.each([
  ["", "0 characters"],
  ["short", "5 characters"],
  ["bda_in-worker-tests", "19 characters"],
  ["x".repeat(31), "31 characters"],
  ["x".repeat(64), "repeats"],
  ["abab".repeat(16), "repeats"],
  ["correct-horse-1!".repeat(2), "repeats"],
  [`bda_${"0123456789abcdef".repeat(3)}`, "repeats"],
  ["change-me-change-me-change-me-please", "placeholder"],
  ["your-secret-admin-token-goes-here", "placeholder"],
  ["replace-this-example-admin-token-123456789", "placeholder"],
  ["a good one, but for the spaces in it, alas", "spaces"],
  ["sëcrets-beyond-ascii-are-no-header-0123", "characters that no header carries"],
  ["k9".repeat(200), "at most 256"],
])("%j is refused: %s", (secret, reason) => {
  expect(secretWeakness(secret)).toContain(reason);
});
