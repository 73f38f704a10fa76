import { expect, test } from "vitest";
import { api, done, newShop } from "../../testing/http.ts";
import { storeOf } from "../../testing/store.ts";

test("an environment's freshness is set, shown, kept by a change of name, and carried by the pointer alone", async () => {
  const { project, at } = await newShop();
  const route = `${at}/environments/production`;
  const named = async () => (await storeOf(project).pointer())?.environments.production;
  const before = await named();
  expect(before).not.toHaveProperty("freshness");

  expect(await done("PUT", route, { freshness: "stale-while-revalidate" })).toMatchObject({
    freshness: "stale-while-revalidate",
  });
  expect(await named()).toMatchObject({ freshness: "stale-while-revalidate", hash: before?.hash });

  await done("PUT", route, { name: "Live" });
  const { environments } = await done("GET", at);
  expect(environments).toMatchObject([
    { key: "staging", freshness: "bounded" },
    { key: "production", name: "Live", freshness: "stale-while-revalidate" },
  ]);

  await done("PUT", route, { freshness: "bounded" });
  expect(await named()).not.toHaveProperty("freshness");
  const { rows } = await done("GET", `${at}/audit?after=0`);
  expect(rows.filter(({ action }: { action: string }) => action === "putEnvironment").length).toBe(3);
});

test("any other word is refused, with the field and what it may be", async () => {
  const { at } = await newShop();
  const answer = await api("PUT", `${at}/environments/production`, { freshness: "fresh" });
  expect(answer.status).toBe(422);
  expect(answer.text).toContain("freshness");
  expect(answer.text).toContain("stale-while-revalidate");
});
