import { expect, test, vi } from "vitest";
import { storedSlug } from "../../../shared/schema/names.ts";
import type { Kill } from "../../../shared/schema/snapshot.ts";
import type { Env } from "../../env.ts";
import { addBreakGlassKill } from "../../kv/break-glass.ts";
import { env } from "../../testing/bindings.ts";
import { done, newShop } from "../../testing/http.ts";
import { recordOwedPresses, recordPress } from "./recorded-later.ts";

const PRODUCTION = storedSlug("production");
const aKill = (id: string): Kill => ({ id, flag: "public", serve: null, revision: Number.MAX_SAFE_INTEGER });
const logged = async (project: string, kind: string) =>
  (await done("GET", `/security-log?kind=${kind}&project=${project}`)).rows;
const without: Env = {
  ...(env as Env),
  DIRECTORY: {
    idFromName: () => ({}),
    get: () => ({ fetch: () => Promise.reject(new Error("out of reach")) }),
  } as unknown as DurableObjectNamespace,
};

test("a press without a directory is kept, and recorded once when there is one again", async () => {
  const { project } = await newShop();
  await recordPress(without, storedSlug(project), PRODUCTION, aKill("bg_owed"));
  expect(await logged(project, "break-glass.pressed")).toEqual([]);
  await expect(recordOwedPresses(without)).rejects.toThrow();
  await recordOwedPresses(env as Env);
  await recordOwedPresses(env as Env);
  await recordPress(env as Env, storedSlug(project), PRODUCTION, aKill("bg_owed"));
  expect(await logged(project, "break-glass.pressed")).toMatchObject([
    { subject: "bg_owed", environment: "production", details: { flag: "public" } },
  ]);
});

test("that it was lifted is recorded with who did it", async () => {
  const shop = await newShop();
  await addBreakGlassKill(env.SNAPSHOTS, storedSlug(shop.project), PRODUCTION, aKill("bg_lifted"));
  await done("POST", `${shop.state}/public/restore`, { comment: "" });
  await vi.waitFor(
    async () =>
      expect(await logged(shop.project, "break-glass.lifted")).toMatchObject([
        { subject: "bg_lifted", actor: { id: "admin" }, details: { flag: "public" } },
      ]),
    { timeout: 20_000, interval: 200 },
  );
});
