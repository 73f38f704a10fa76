import { expect, test } from "vitest";
import { sha256 } from "../../crypto/sha256.ts";
import { BearerKeys } from "./bearer-keys.ts";

test("an expired key opens nothing, by token or by id, met before or not; without an end it goes on", () => {
  let now = 1_000;
  const key = (id: string, expiresAt?: number) => ({
    ...{ id, hash: sha256(`token of ${id}`), kind: "server" as const, origins: [] },
    ...(expiresAt === undefined ? {} : { expiresAt }),
  });
  const keys = new BearerKeys(
    [key("met", 2_000), key("unmet", 2_000), key("endless")],
    () => {},
    () => now,
  );
  const opens = (id: string) => [keys.byId(id) !== null, keys.has(id)];
  expect(keys.find("token of met")?.id).toBe("met");
  now = 1_999;
  expect([keys.find("token of met")?.id, ...opens("met")]).toEqual(["met", true, true]);
  now = 2_000;
  for (const id of ["met", "unmet"]) expect([keys.find(`token of ${id}`), ...opens(id)]).toEqual([null, false, false]);
  expect([keys.find("token of endless")?.id, ...opens("endless")]).toEqual(["endless", true, true]);
});
