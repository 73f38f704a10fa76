import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { storedKeyName, storedSlug } from "../../../shared/schema/names.ts";
import { env } from "../../testing/bindings.ts";
import { aDesk, aDoor } from "../../testing/demand.ts";
import { guardedShop, guardStub } from "../../testing/guards.ts";
import { api, done, newShop } from "../../testing/http.ts";
import { PRODUCTION } from "../../testing/names.ts";
import { envelope, inStore, inTables } from "../../testing/store.ts";
import { desk, testLedger } from "../stubs.ts";

const DOOR = storedKeyName("door");

/** A shop whose door somebody has seen and where somebody asks a person. */
async function used() {
  const shop = await newShop();
  await done("PUT", `${shop.state}/door/test`, { settings: aDoor() });
  await done("PUT", `${shop.state}/advice/test`, { settings: aDesk() });
  const places = {
    ledger: testLedger(env, storedSlug(shop.project), PRODUCTION, DOOR),
    desk: desk(env, storedSlug(shop.project), PRODUCTION),
  };
  const see = (unit = "unit") =>
    places.ledger.record({
      project: shop.project,
      environment: "production",
      flag: "door",
      run: 1,
      settings: aDoor({ networkCap: 30 }) as never,
      action: "seen",
      unit,
      ageMs: 5_000,
      network: "n",
      country: "DE",
      device: "phone",
      bot: false,
      at: Date.now(),
    });
  await see();
  const question = { id: "q1", flag: "advice", unit: "u", input: "A secret", deadlineSeconds: 3_600, fallback: "-" };
  await places.desk.ask(question);
  const left = async () => [
    await places.ledger.door(1, "unit"),
    (await places.desk.wait("q1", 0))?.status ?? "none",
    (await places.desk.figures()).length,
  ];
  expect(await left()).toEqual(["seen", "waiting", 1]);
  return { ...shop, ...places, see, left };
}
const NOTHING = ["new", "none", 0];

test("a deleted project leaves neither people nor questions to the next one of its name", async () => {
  const shop = await used();
  await done("DELETE", shop.at);
  expect(await shop.left()).toEqual(NOTHING);
});

test("nor does a deleted environment", async () => {
  const shop = await used();
  await done("DELETE", `${shop.at}/environments/production`);
  expect(await shop.left()).toEqual(NOTHING);
});

test("nor does an archived flag to whatever uses its key again", async () => {
  const shop = await used();
  await done("POST", `${shop.at}/flags/archive`, { flags: ["door", "advice"] });
  expect(await shop.left()).toEqual(NOTHING);
});

test("a test that is made finds nobody, even if people came late for the one before", async () => {
  const shop = await used();
  await done("DELETE", `${shop.at}/flags/door`);
  await shop.see();
  await done("PUT", `${shop.at}/flags/door?reuse=true`, {
    type: "boolean",
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "public",
    purpose: "fake-door",
  });
  await done("PUT", `${shop.state}/door/test`, { settings: aDoor() });
  expect(await shop.ledger.door(1, "unit")).toBe("new");
});

test("a deletion sent again empties nothing of the test that was made since", async () => {
  const shop = await used();
  const again = () => api("DELETE", `${shop.state}/door/test`, undefined, { headers: { "Idempotency-Key": "once" } });
  expect((await again()).status).toBe(204);
  await done("PUT", `${shop.state}/door/test`, { settings: aDoor() });
  await done("POST", `${shop.state}/door/test/start`, {});
  await shop.see();
  expect((await api("DELETE", `${shop.state}/door/test`)).json.code).toBe("test-running");
  expect((await again()).status).toBe(204);
  expect(await shop.ledger.door(1, "unit")).toBe("seen");
});

test("what could not be told at once is told later", async () => {
  const shop = await used();
  const broken = {
    idFromName: () => "id",
    get: () => ({ fetch: () => Promise.reject(new Error("out of reach")) }),
  };
  await inStore(shop.project, { TEST_LEDGER: broken as never, DESK: broken as never }, async (store) => {
    const deleted = await store.execute(envelope(shop.project, { type: "deleteProject" }));
    expect(deleted.ok).toBe(true);
  });
  const owed = () => inTables(shop.project, (sql) => sql.exec("SELECT 1 FROM ledger_owed").toArray().length);
  expect(await owed()).toBeGreaterThan(0);
  expect((await shop.left()).slice(0, 2)).toEqual(["seen", "waiting"]);
  await inStore(shop.project, {}, (store) => store.alarm());
  expect(await owed()).toBe(0);
  expect(await shop.left()).toEqual(NOTHING);
});

test("an environment made anew shows no use of the one before", async () => {
  const shop = await newShop();
  const usage = () => done("GET", `${shop.at}/environments/production/usage`);
  await inTables(shop.project, (sql) => {
    sql.exec("INSERT OR REPLACE INTO flag_asked (environment, flag, at) VALUES ('production', 'public', 1)");
    sql.exec(
      "INSERT OR REPLACE INTO attribute_seen (environment, name, known) VALUES ('production', 'plan', '[\"x\"]')",
    );
    sql.exec(
      "INSERT OR REPLACE INTO usage_total (environment, name, value) VALUES ('production', 'evaluations.bulk', 7)",
    );
  });
  expect((await usage()).attributes).toHaveLength(1);
  await done("DELETE", `${shop.at}/environments/production`);
  await done("PUT", `${shop.at}/environments/production`, {});
  expect(await usage()).toEqual({ bulkAt: null, flags: {}, attributes: [] });
  expect(await inTables(shop.project, (sql) => sql.exec("SELECT 1 FROM usage_total").toArray())).toEqual([]);
});

test("an environment made anew has nothing of what the guard watched in the one before", async () => {
  const shop = await guardedShop();
  const watched = () =>
    runInDurableObject(guardStub(shop.project), (_instance: DurableObject, { storage: { sql } }) =>
      ["watch", "point"].map((table) => sql.exec(`SELECT 1 FROM ${table}`).toArray().length),
    );
  await expect.poll(watched).toEqual([1, 0]);
  await runInDurableObject(guardStub(shop.project), (_instance: DurableObject, { storage: { sql } }) => {
    sql.exec("INSERT INTO point (series, place, at, body) VALUES ('s', 'p', 1, '{}')");
  });
  await done("DELETE", `${shop.at}/environments/production`);
  await expect.poll(watched).toEqual([0, 0]);
});
