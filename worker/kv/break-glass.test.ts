import { beforeEach, describe, expect, test } from "vitest";
import { type Slug, storedSlug } from "../../shared/schema/names.ts";
import { env } from "../testing/bindings.ts";
import { newName, PRODUCTION } from "../testing/names.ts";
import {
  addBreakGlassKill,
  breakGlassKillKey,
  readBreakGlass,
  removeBreakGlassKills,
  renewBreakGlassIndexes,
} from "./break-glass.ts";

const kv = env.SNAPSHOTS;
const aKill = (id: string, flag = id.slice(3)) => ({ id, flag, serve: "off", revision: Number.MAX_SAFE_INTEGER });
let project: Slug;
beforeEach(() => {
  project = storedSlug(newName());
});

/** KV as another data centre shows it: gets, and lists if asked, are as they were when this was made. */
async function older({ lists = false } = {}): Promise<KVNamespace> {
  const prefix = `break-glass/${project}/`;
  const then = [await kv.get(`break-glass/${project}`), await kv.list({ prefix })] as const;
  return {
    get: async () => then[0],
    list: async (options: KVNamespaceListOptions) => (lists ? then[1] : kv.list(options)),
    put: kv.put.bind(kv),
    delete: kv.delete.bind(kv),
  } as unknown as KVNamespace;
}
const inForce = async (namespace = kv) =>
  ((await readBreakGlass(namespace, project)).environments.production ?? []).map(({ id }) => id);

describe("presses that do not see each other", () => {
  test.each([false, true])("are all in force (lists as old as the reads: %s)", async (lists) => {
    const places = [await older({ lists }), await older({ lists }), await older({ lists })];
    for (const [n, place] of places.entries()) await addBreakGlassKill(place, project, PRODUCTION, aKill(`bg_${n}`));
    expect((await inForce()).sort()).toEqual(["bg_0", "bg_1", "bg_2"]);
  });

  test("are in force beside a lifted one, whatever copy the clean-up reads", async () => {
    await addBreakGlassKill(kv, project, PRODUCTION, aKill("bg_first"));
    const cleaner = await older();
    await addBreakGlassKill(kv, project, PRODUCTION, aKill("bg_later"));
    expect(await removeBreakGlassKills(cleaner, project, ["bg_first"])).toBe(1);
    expect(await inForce()).toEqual(["bg_later"]);
  });
});

test("the latest press of a flag comes last, which is the one that is served", async () => {
  const at = (id: string, ms: number) => {
    const metadata = { environment: "production", kill: aKill(id, "f"), at: ms };
    return kv.put(breakGlassKillKey(project, id), "{}", { metadata });
  };
  await kv.put(`break-glass/${project}`, JSON.stringify({ environments: { production: [aKill("bg_old", "f")] } }));
  await at("bg_a", 2);
  await at("bg_b", 1);
  expect(await inForce()).toEqual(["bg_old", "bg_b", "bg_a"]);
});

test("a document of an earlier version is read, added to and cleaned", async () => {
  await kv.put(`break-glass/${project}`, JSON.stringify({ environments: { production: [aKill("bg_old")] } }));
  await addBreakGlassKill(kv, project, PRODUCTION, aKill("bg_new"));
  expect(await inForce()).toEqual(["bg_old", "bg_new"]);
  expect(await removeBreakGlassKills(kv, project, ["bg_old", "bg_new"])).toBe(2);
  expect(await inForce()).toEqual([]);
  expect(await removeBreakGlassKills(kv, project, ["bg_old", "bg_new"])).toBe(0);
  expect((await kv.list({ prefix: `break-glass/${project}/` })).keys).toEqual([]);
});

test("without a list, what the index repeats is shown, and that there may be more", async () => {
  await addBreakGlassKill(kv, project, PRODUCTION, aKill("bg_1"));
  const failing = { get: kv.get.bind(kv), list: () => Promise.reject(new Error("429")) } as unknown as KVNamespace;
  expect(await readBreakGlass(failing, project)).toMatchObject({
    whole: false,
    environments: { production: [{ id: "bg_1" }] },
  });
});

test("more kills than KV lists at once are all in force", async () => {
  const metadata = (id: string) => ({ environment: "production", kill: aKill(id, "f"), at: 1 });
  const pages = [["bg_1"], ["bg_2", "bg_3"], []];
  const paged = {
    get: async () => JSON.stringify({ environments: {} }),
    list: async ({ cursor = "0" }: { cursor?: string }) => ({
      keys: (pages[+cursor] ?? []).map((id) => ({ name: breakGlassKillKey(project, id), metadata: metadata(id) })),
      ...(+cursor === pages.length - 1 ? { list_complete: true } : { list_complete: false, cursor: `${+cursor + 1}` }),
    }),
  } as unknown as KVNamespace;
  expect(await inForce(paged)).toEqual(["bg_1", "bg_2", "bg_3"]);
});

test("a project that nobody has pressed for costs one read and no list", async () => {
  const calls: string[] = [];
  const counted = {
    get: async () => {
      calls.push("get");
      return null;
    },
    list: async () => void calls.push("list"),
  } as unknown as KVNamespace;
  await readBreakGlass(counted, project);
  expect(calls).toEqual(["get"]);
});

test("two presses within the second that KV takes one write in are both answered", async () => {
  let refusals = 1;
  const busy = {
    get: kv.get.bind(kv),
    list: kv.list.bind(kv),
    put: async (key: string, body: string, options: KVNamespacePutOptions) => {
      if (key === `break-glass/${project}` && refusals-- > 0) throw new Error("KV PUT failed: 429 Too Many Requests");
      await kv.put(key, body, options);
    },
  } as unknown as KVNamespace;
  await addBreakGlassKill(busy, project, PRODUCTION, aKill("bg_1"));
  expect(refusals).toBe(-1);
  expect(await inForce()).toEqual(["bg_1"]);
});

test("the index outlives its time while there are kills, and comes back when it is gone", async () => {
  const expiration = async () =>
    (await kv.list({ prefix: `break-glass/${project}` })).keys.find(({ name }) => !name.endsWith("bg_1"))?.expiration;
  await addBreakGlassKill(kv, project, PRODUCTION, aKill("bg_1"));
  const first = await expiration();
  expect(first).toBeGreaterThan(Date.now() / 1_000);
  await kv.delete(`break-glass/${project}`);
  expect(await inForce()).toEqual([]);
  await renewBreakGlassIndexes(kv, Date.now());
  expect(await inForce()).toEqual(["bg_1"]);
  await kv.put(`break-glass/${project}`, '{"environments":{}}', { expirationTtl: 86_400 });
  await renewBreakGlassIndexes(kv, Date.now());
  expect(await expiration()).toBeGreaterThan(Date.now() / 1_000 + 86_400);
});
