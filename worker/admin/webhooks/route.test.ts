import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { backupOf, restore } from "../../testing/backup.ts";
import { env } from "../../testing/bindings.ts";
import { api, done, newShop } from "../../testing/http.ts";
import { inStore, inTables } from "../../testing/store.ts";

const URL_ = "https://hooks.example.com/services/T0/SECRET-PATH";
const settings = { name: "Chat", url: URL_, events: ["flag.killed", "flag.restored"] };

async function shopWithWebhook(more: object = {}) {
  const shop = await newShop();
  const webhooks = `${shop.at}/webhooks`;
  const made: { id: string; secret: string } = await done("POST", webhooks, { ...settings, ...more });
  return { ...shop, webhooks, ...made };
}
const courierOf = (project: string) => env.COURIER.get(env.COURIER.idFromName(project));
/** What the courier has been handed for a project, without waiting for any receiver. */
const handed = async (project: string, atLeast: number) => {
  for (let turn = 0; turn < 100; turn++) {
    const rows = await runInDurableObject(courierOf(project), (_instance: DurableObject, state) =>
      state.storage.sql
        .exec<{ message_id: string; type: string }>("SELECT message_id, type FROM delivery ORDER BY id")
        .toArray(),
    );
    if (rows.length >= atLeast) return rows;
    await scheduler.wait(20);
  }
  throw new Error("the courier never got it");
};

const endpointsOf = (project: string) =>
  runInDurableObject(courierOf(project), (_instance: DurableObject, state) =>
    state.storage.sql.exec("SELECT 1 FROM endpoint").toArray(),
  );

describe("a webhook", () => {
  test("hears of what it chose, and of nothing else", async () => {
    const shop = await shopWithWebhook();
    await done("PATCH", `${shop.state}/public`, { enabled: false });
    await done("POST", `${shop.state}/public/kill`, { comment: "errors" });
    await done("POST", `${shop.state}/public/kill`, { comment: "errors" });
    await done("POST", `${shop.state}/public/restore`, {});
    const rows = await handed(shop.project, 2);
    expect(rows.map(({ type }) => type)).toEqual(["flag.killed", "flag.restored"]);
    for (const { message_id } of rows) expect(message_id).toMatch(/^msg_[a-z0-9-]+$/);
  });

  test("shows neither its URL nor its secret again, to nobody, anywhere", async () => {
    const shop = await shopWithWebhook();
    expect(shop.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    for (const path of [
      shop.webhooks,
      `${shop.at}/audit`,
      `${shop.at}/export`,
      `${shop.webhooks}/${shop.id}/deliveries`,
    ]) {
      const { text } = await api("GET", path);
      expect(text).not.toContain("SECRET-PATH");
      expect(text).not.toContain(shop.secret.slice(6));
    }
    const [view] = (await done("GET", shop.webhooks)).webhooks;
    expect(view).toMatchObject({ id: shop.id, host: "hooks.example.com", paused: false, gone: false, pending: 0 });
  });

  test("that a restore takes back is known to nobody: the courier is told without waiting for the next message", async () => {
    const shop = await newShop();
    const rows = await backupOf(shop.at);
    await done("POST", `${shop.at}/webhooks`, settings);
    await expect.poll(() => endpointsOf(shop.project)).toHaveLength(1);
    expect((await restore(shop.at, rows)).status).toBe(200);
    await expect.poll(() => endpointsOf(shop.project)).toEqual([]);
  });

  test("can be changed, paused, rotated and taken back", async () => {
    const shop = await shopWithWebhook();
    const one = `${shop.webhooks}/${shop.id}`;
    expect(await done("PATCH", one, { paused: true, name: "Talk" })).toMatchObject({
      paused: true,
      name: "Talk",
      version: 2,
    });
    await done("POST", `${shop.state}/public/kill`, {});
    expect(await done("PATCH", one, { paused: false, url: "https://other.example.com/" })).toMatchObject({
      host: "other.example.com",
    });
    const { secret } = await done("POST", `${one}/rotate`);
    expect(secret).not.toBe(shop.secret);
    await done("POST", `${shop.state}/public/restore`, {});
    expect((await handed(shop.project, 1)).map(({ type }) => type)).toEqual(["flag.restored"]);
    await done("DELETE", one);
    expect((await done("GET", shop.webhooks)).webhooks).toEqual([]);
    expect((await api("DELETE", one)).json.code).toBe("webhook-not-found");
    expect((await api("GET", `${one}/deliveries`)).status).toBe(404);
  });

  test.each([
    ["http://hooks.example.com/", "url"],
    ["https://169.254.169.254/latest", "url"],
    ["https://2130706433/", "url"],
  ])("may not go to %s, neither made nor changed", async (url, field) => {
    const shop = await shopWithWebhook();
    for (const [method, path] of [
      ["POST", shop.webhooks],
      ["PATCH", `${shop.webhooks}/${shop.id}`],
    ] as const) {
      const { status, json } = await api(method, path, method === "POST" ? { ...settings, url } : { url });
      expect([status, json.errors[0].field]).toEqual([422, field]);
    }
  });

  test("of unknown events or environments is refused by name", async () => {
    const shop = await shopWithWebhook();
    for (const wrong of [{ events: ["flag.exploded"] }, { events: [] }, { environments: ["moon"] }]) {
      const { status, json } = await api("POST", shop.webhooks, { ...settings, ...wrong });
      expect([status, json.errors[0].field.split(".")[0]]).toEqual([422, Object.keys(wrong)[0]]);
    }
  });

  test("a message outlives a courier that cannot be reached: it stays until it has been handed over", async () => {
    const shop = await shopWithWebhook();
    // The shop's own instance may still publish what made it, and would hand over what it finds after that.
    const atRest = () =>
      inTables(shop.project, (sql) => {
        const of = (name: string) => sql.exec("SELECT value FROM meta WHERE name = ?", name).toArray()[0]?.value;
        const waiting = sql.exec("SELECT 1 FROM outbox UNION ALL SELECT 1 FROM notice").toArray().length;
        return waiting === 0 && of("courier_told") === of("webhooks_revision");
      });
    let quiet = 0;
    await expect
      .poll(async () => {
        quiet = (await atRest()) ? quiet + 1 : 0;
        return quiet;
      })
      .toBeGreaterThan(4);
    const deaf = { get: () => ({ fetch: async () => new Response(null, { status: 500 }) }), idFromName: () => "" };
    const killed = await inStore(
      shop.project,
      { COURIER: deaf as unknown as DurableObjectNamespace },
      async (store, state) => {
        await store.execute({
          id: crypto.randomUUID(),
          project: shop.project,
          actor: { type: "admin", id: "a", name: "a", role: "admin" },
          comment: "",
          command: { type: "kill", environment: "production", flag: "public" },
        });
        await scheduler.wait(50);
        return state.storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM notice").one().n;
      },
    );
    expect(killed).toBe(1);
    await runDurableObjectAlarm(env.FLAG_STORE.get(env.FLAG_STORE.idFromName(shop.project)));
    expect((await handed(shop.project, 1)).map(({ type }) => type)).toEqual(["flag.killed"]);
  });
});
