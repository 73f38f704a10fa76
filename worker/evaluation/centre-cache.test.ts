import { describe, expect, test } from "vitest";
import { fetched, newShop } from "../testing/http.ts";
import { cacheRoot, hasTrial, keepTrial, rootOf } from "./edge/centre-cache.ts";

const SECRET = "an-administrators-token-of-32-characters";

describe("the key of a copy in the data centre's cache", () => {
  test("has the host of the request, and a path that only this installation knows", () => {
    const root = rootOf("https://flags.example:8443/ofrep/v1?x=1", { ADMIN_TOKEN: SECRET });
    expect(root).toMatch(/^https:\/\/flags\.example\/\.blastdoor\/[0-9a-f]{32}$/);
    expect(rootOf("https://flags.example/", { ADMIN_TOKEN: SECRET })).toBe(root);
    expect(rootOf("https://flags.example/", { ADMIN_TOKEN: `${SECRET}!` })).not.toBe(root);
  });

  test("is under a host that nobody can ask while no secret is set, or only one that everybody knows", () => {
    expect(rootOf("https://flags.example/", {})).toBe("https://blastdoor.invalid");
    expect(rootOf("https://flags.example/", { ADMIN_TOKEN: "" })).toBe("https://blastdoor.invalid");
  });

  test("is that of the running Worker's own host, under which a copy of the pointer lies after an evaluation", async () => {
    const { client, project } = await newShop();
    await fetched("/ofrep/v1/evaluate/flags", {
      method: "POST",
      headers: { Authorization: `Bearer ${client}`, "Content-Type": "application/json" },
      body: '{"context":{"targetingKey":"u1"}}',
    });
    expect(cacheRoot()).toContain("https://blastdoor.test/.blastdoor/");
    // The copy lives for a second, so that its absence would say nothing: what is asked by the public is the address.
    const { status, text } = await fetched(new URL(`${cacheRoot()}/pointer/${project}`).pathname);
    expect([status === 404 || !text.includes(project), text.includes('"kills"')]).toEqual([true, false]);
  });
});

test("an entry that tries the cache out is found while a pointer's copy would be, and no longer", async () => {
  const name = crypto.randomUUID();
  await keepTrial(name);
  expect(await hasTrial(name)).toBe(true);
  await expect.poll(() => hasTrial(name), { interval: 100 }).toBe(false);
});
