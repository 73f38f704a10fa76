import { expect, test } from "vitest";
import { seal, unseal } from "./seal.ts";

const secret = "00112233445566778899aabbccddeeff".repeat(2);
const bytesOf = (sealed: string) => Uint8Array.fromBase64(sealed, { alphabet: "base64url" });

test("a sealed text opens with its secret alone, and is sealed alike each time", async () => {
  const sealed = await seal(secret, "https://hooks.example/ü");
  expect(await seal(secret, "https://hooks.example/ü")).toBe(sealed);
  expect(await unseal(secret, sealed)).toBe("https://hooks.example/ü");
  expect(await unseal(`ff${secret.slice(2)}`, sealed)).toBeNull();
  for (const broken of [sealed.slice(1), `${sealed.slice(0, -2)}AA`, `${sealed}!`, "", "!"])
    expect(await unseal(secret, broken)).toBeNull();
});

test("what was sealed with nonces of another making still opens", async () => {
  // Sealed with the hexadecimal nonces of an earlier version: webhooks' addresses are kept for years.
  const iv = new TextEncoder().encode("0123456789ab");
  const key = await crypto.subtle.importKey("raw", Uint8Array.fromHex(secret), "AES-GCM", false, ["encrypt"]);
  const content = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode("kept"));
  const sealed = Uint8Array.of(...iv, ...new Uint8Array(content)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
  expect(await unseal(secret, sealed)).toBe("kept");
});

test("nonces use all their bits: two texts under one nonce would give both away", async () => {
  const seen = Array.from({ length: 12 }, () => new Set<number>());
  for (let index = 0; index < 200; index++)
    for (const [at, byte] of bytesOf(await seal(secret, `text ${index}`))
      .subarray(0, 12)
      .entries())
      seen[at]?.add(byte);
  for (const values of seen) expect(values.size).toBeGreaterThan(64);
});
