import { beforeEach, describe, expect, test } from "vitest";
import { storedSlug } from "../../shared/schema/names.ts";
import { app } from "../app.ts";
import type { Env } from "../env.ts";
import { env as bindings } from "../testing/bindings.ts";
import { PlacementRefused } from "./kernel/durable-stub.ts";
import { forgetPlacements, PLACEMENT_KEY, placementProblem } from "./placement.ts";
import { flagStore, relay } from "./stubs.ts";

/** Projects by jurisdiction: objects of each are others, even under the same name. */
function anInstallation(projects: Record<string, string[]>, settings: Partial<Env> = {}) {
  const kv = new Map<string, string>();
  const opened: { name: string; jurisdiction: string; options: unknown }[] = [];
  const namespace = (jurisdiction: string): unknown => ({
    jurisdiction: (name: string) => namespace(name),
    idFromName: (name: string) => ({ name, jurisdiction }),
    get: (id: { name: string; jurisdiction: string }, options: unknown) => ({
      fetch: async () => {
        opened.push({ ...id, options });
        return Response.json((projects[jurisdiction] ?? []).map((key) => ({ key })));
      },
    }),
  });
  const objects = namespace("none");
  const env = {
    SNAPSHOTS: {
      get: async (key: string) => kv.get(key) ?? null,
      put: async (key: string, value: string) => void kv.set(key, value),
    },
    DIRECTORY: objects,
    FLAG_STORE: objects,
    RELAY: objects,
  };
  return { kv, opened, as: (more: Partial<Env>) => ({ ...env, ...settings, ...more }) as unknown as Env };
}

const SHOP = storedSlug("shop");
beforeEach(forgetPlacements);

describe("objects", () => {
  test("are those that an installation without settings always had", async () => {
    const { as, opened } = anInstallation({});
    await flagStore(as({}), SHOP).pointer();
    expect(opened).toEqual([{ name: "shop", jurisdiction: "none", options: undefined }]);
  });

  test("are made where the settings say; a relay stands in its region", async () => {
    const { as, opened } = anInstallation({});
    const env = as({ JURISDICTION: "eu", LOCATION_HINT: "eeur" });
    await flagStore(env, SHOP).pointer();
    await relay(env, SHOP, "weur").pointer("shop", "weur");
    expect(opened).toEqual([
      { name: "shop", jurisdiction: "eu", options: { locationHint: "eeur" } },
      { name: "weur/shop", jurisdiction: "eu", options: { locationHint: "weur" } },
    ]);
  });

  test("are not opened under settings that mean nothing", () => {
    const { as, opened } = anInstallation({});
    expect(() => flagStore(as({ JURISDICTION: "europe" }), SHOP)).toThrow(PlacementRefused);
    expect(() => flagStore(as({ LOCATION_HINT: "mars" }), SHOP)).toThrow(/LOCATION_HINT is "mars"/);
    expect(opened).toEqual([]);
  });
});

describe("a jurisdiction", () => {
  test("is chosen before the first use, and written down", async () => {
    const { as, kv } = anInstallation({});
    expect(await placementProblem(as({ JURISDICTION: "eu" }))).toBeNull();
    expect(kv.get(PLACEMENT_KEY)).toBe("eu");
  });

  test.each([
    ["eu", "us", /JURISDICTION is "us", and .* lies in "eu"/],
    ["eu", "", /JURISDICTION is not set, and .* lies in "eu"/],
    ["none", "eu", /JURISDICTION is "eu", and .* lies in none/],
  ])("that was %s is not %s later: the refusal says how to move", async (former, later, words) => {
    const { as, kv } = anInstallation({});
    kv.set(PLACEMENT_KEY, former);
    const problem = await placementProblem(as({ JURISDICTION: later }));
    expect(problem).toMatch(words);
    expect(problem).toMatch(/backup .* restore/);
    expect(kv.get(PLACEMENT_KEY)).toBe(former);
  });

  test("is refused where an earlier version has made projects, which wrote nothing down", async () => {
    const { as, kv } = anInstallation({ none: ["shop"] });
    expect(await placementProblem(as({ JURISDICTION: "eu" }))).toMatch(/lies in none/);
    expect(kv.size).toBe(0);
    expect(await placementProblem(as({}))).toBeNull();
  });

  test("that holds is looked up once", async () => {
    const { as, kv } = anInstallation({});
    await placementProblem(as({}));
    kv.set(PLACEMENT_KEY, "eu");
    expect(await placementProblem(as({}))).toBeNull();
  });

  test("is no reason to refuse anything while KV does not answer", async () => {
    const { as } = anInstallation({});
    const get = async () => Promise.reject(new Error("KV GET failed: 500"));
    expect(await placementProblem(as({ SNAPSHOTS: { get } as never }))).toBeNull();
  });
});

test("settings that mean nothing are a problem in words", async () => {
  const { as } = anInstallation({});
  expect(await placementProblem(as({ LOCATION_HINT: "mars" }))).toMatch(/LOCATION_HINT is "mars": set it to one of/);
});

test("administration says so, with the setting and what it may be", async () => {
  const settings = { ...bindings, JURISDICTION: "europe" };
  const answer = await app.request("/api/v1/projects", {}, settings);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({
    code: "placement-refused",
    detail: expect.stringContaining('JURISDICTION is "europe"'),
  });
});
