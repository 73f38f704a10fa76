import { expect, test } from "vitest";
import { openAesGcm } from "./aes-gcm.ts";

const secret = "5eed".repeat(16);
/** As an earlier version sealed it. */
const sealed = "CeCz7XLYHkROrIecoix2rxCxjmTSHglGiUuvcAa_KOynT-4XT15Z3BrdUQ";

test("what an earlier version sealed opens with its secret alone", async () => {
  expect(await openAesGcm(secret, sealed)).toBe("Grüße, 世界");
  expect(await openAesGcm(`ff${secret.slice(2)}`, sealed)).toBeNull();
});

test("what was altered, cut or spelt in another way does not open", async () => {
  for (const broken of [sealed.slice(1), `${sealed.slice(0, -2)}AA`, `${sealed}!`, `${sealed}=`, "", "!"])
    expect(await openAesGcm(secret, broken)).toBeNull();
});
