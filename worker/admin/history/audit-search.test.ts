import { beforeAll, expect, test } from "vitest";
import { HEAVY_READS_AT_ONCE, LIST_CHARS_AT_ONCE } from "../../objects/kernel/admission.ts";
import { api, done, newShop, newToken } from "../../testing/http.ts";

type Shop = Awaited<ReturnType<typeof newShop>>;
let shop: Shop;
const search = async (query: string) => {
  const found = await done("GET", `${shop.at}/audit/search?${query}`);
  return { next: found.next, rows: found.rows as { revision: number; action: string; actor: { name: string } }[] };
};

beforeAll(async () => {
  shop = await newShop();
  const { token } = await newToken("engineer", shop.project);
  await api("POST", `${shop.state}/public/kill`, { comment: "it hurts" }, { token });
  await done("POST", `${shop.state}/public/restore`, {});
  await done("PATCH", `${shop.at}/environments/staging/flags/targeted`, { enabled: true });
});

test("newest first, page by page, without gap or overlap", async () => {
  const all = (await search("limit=200")).rows.map(({ revision }) => revision);
  expect(all).toEqual([...all].sort((a, b) => b - a));
  const paged: number[] = [];
  let query = "limit=4";
  for (;;) {
    const { rows, next } = await search(query);
    paged.push(...rows.map(({ revision }) => revision));
    if (next === null) break;
    query = `limit=4&before=${next}`;
  }
  expect(paged).toEqual(all);
});

test("of one flag: its definition, its states, its kills and their end", async () => {
  const actions = (await search("flag=public")).rows.map(({ action }) => action);
  expect(actions).toEqual(["restore", "kill", "putState", "putFlag"]);
});

test("of one person, of one environment, and since a time", async () => {
  expect((await search("person=a%20engineer")).rows.map(({ action }) => action)).toEqual(["kill"]);
  expect((await search("environment=staging&flag=targeted")).rows.map(({ action }) => action)).toEqual([
    "patchState",
    "putFlag",
  ]);
  expect((await search("since=2100-01-01T00:00:00Z")).rows).toEqual([]);
  expect((await search("person=nobody")).rows).toEqual([]);
});

test("a viewer's searches and exports cannot keep a store from its kills: beyond a rate they are told to come back", async () => {
  const { token } = await newToken("viewer", shop.project);
  const asked = Array.from({ length: HEAVY_READS_AT_ONCE * 10 }, (_, request) =>
    api("GET", `${shop.at}/${request % 2 ? "export" : "audit/search?person=nobody"}`, undefined, { token }),
  );
  const killed = await api("POST", `${shop.state}/public/kill`, {});
  expect(killed.status).toBe(200);
  const answers = await Promise.all(asked);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, headers } of refused) expect([status, headers.get("Retry-After")]).toEqual([429, "1"]);
});

test("a viewer's lists are charged for what they read: beyond a budget they wait, and one flag is still shown", async () => {
  const { token } = await newToken("viewer", shop.project);
  const variants = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`v${n}`, "x".repeat(60_000)]));
  for (const flag of ["large-1", "large-2"])
    await done("PUT", `${shop.at}/flags/${flag}`, {
      type: "string",
      variants,
      offVariant: "v0",
      visibility: "server-only",
    });
  // Asked in turns, neither list is the one made last, so each reads some 1.2 million characters; one answers as many.
  const most = Math.ceil(LIST_CHARS_AT_ONCE / 1_800_000);
  const asked = Array.from({ length: 8 * most }, (_, n) =>
    api("GET", `${shop.at}/flags${n % 2 ? `?archived=true` : ""}`, undefined, { token }),
  );
  const killed = await api("POST", `${shop.state}/public/kill`, {});
  expect(killed.status).toBe(200);
  const answers = await Promise.all(asked);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.length).toBeGreaterThan(most);
  for (const { status, headers } of refused) expect([status, headers.get("Retry-After")]).toEqual([429, "1"]);
  expect((await api("GET", `${shop.at}/flags/public`, undefined, { token })).status).toBe(200);
});
