import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { env } from "../../testing/bindings.ts";
import { api, done, evaluate, fan, newShop, newToken } from "../../testing/http.ts";
import { storeOf, stubOf } from "../../testing/store.ts";

const report = { flags: [], bulk: false, attributes: [] };

describe("a key's rate limit", () => {
  test("answers 429 with whole seconds, spares other keys, and is lifted again", async () => {
    const shop = await newShop();
    const keys = `${shop.at}/environments/production/keys`;
    const [{ id }] = (await done("GET", keys)).keys.filter(({ kind }: { kind: string }) => kind === "server");
    await done("PUT", `${keys}/${id}/limit`, { perSecond: 0.1, burst: 2 });
    const statuses: number[] = [];
    let refused = await evaluate(shop.server, { context: fan });
    for (let n = 0; n < 5 && refused.status !== 429; n++) {
      statuses.push(refused.status);
      refused = await evaluate(shop.server, { flag: "public", context: fan });
    }
    expect(statuses).toEqual([200, 200]);
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "10"]);
    expect(refused.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect((await evaluate(shop.client, { context: fan })).status).toBe(200);

    const [seen] = (await done("GET", keys)).keys.filter((key: { id: string }) => key.id === id);
    expect(seen.limit).toEqual({ perSecond: 0.1, burst: 2 });
    await done("DELETE", `${keys}/${id}/limit`);
    expect((await evaluate(shop.server, { context: fan })).status).toBe(200);
  });

  test("shows how often a key was asked and refused, as isolates have told", async () => {
    const shop = await newShop();
    const keys = `${shop.at}/environments/production/keys`;
    const [{ id }] = (await done("GET", keys)).keys;
    const counts = { [`key.${id}.asked`]: 40, [`key.${id}.limited`]: 2 };
    await storeOf(shop.project).noteUsage("production", { ...report, reporter: "r", counts });
    const [key] = (await done("GET", keys)).keys.filter((one: { id: string }) => one.id === id);
    expect(key).toMatchObject({ asked: 40, limited: 2 });
  });

  test("is the administrator's to set, and refused when it makes no sense", async () => {
    const shop = await newShop();
    const keys = `${shop.at}/environments/production/keys`;
    const [{ id }] = (await done("GET", keys)).keys;
    const { token } = await newToken("engineer");
    expect((await api("PUT", `${keys}/${id}/limit`, { perSecond: 1 }, { token })).status).toBe(403);
    for (const wrong of [{ perSecond: 0 }, { perSecond: -1 }, { perSecond: 1, burst: 0 }, {}])
      expect((await api("PUT", `${keys}/${id}/limit`, wrong)).status).toBe(422);
    expect((await api("PUT", `${keys}/key_gone/limit`, { perSecond: 1 })).json.code).toBe("key-not-found");
  });
});

describe("a monthly budget", () => {
  test("warns once a month when its share is passed, says so in the history and to webhooks, and refuses nothing", async () => {
    const shop = await newShop();
    const tell = (total: number) =>
      storeOf(shop.project).noteUsage("production", {
        ...report,
        reporter: "r",
        counts: { "evaluations.server.bulk": total },
      });
    const warned = async () =>
      (await done("GET", `${shop.at}/audit`)).rows.filter(({ action }: { action: string }) => action === "warnBudget");
    await done("POST", `${shop.at}/webhooks`, {
      name: "ops",
      url: "https://hooks.example.com/x",
      events: ["budget.warning"],
    });
    const before = (await done("GET", `${shop.at}/budget`)).used;
    expect((await done("GET", `${shop.at}/budget`)).state).toBe("none");
    await done("PUT", `${shop.at}/budget`, { evaluationsPerMonth: 1_000 });
    await tell(700 - before);
    expect([(await done("GET", `${shop.at}/budget`)).state, (await warned()).length]).toEqual(["within", 0]);
    await tell(810 - before);
    // Reports are gathered for a minute; the alarm comes then.
    await runDurableObjectAlarm(stubOf(shop.project));
    await tell(900 - before);
    const view = await done("GET", `${shop.at}/budget`);
    expect(view).toMatchObject({ state: "warning", used: 900, evaluationsPerMonth: 1_000, warnAt: 0.8 });
    const [row, ...more] = await warned();
    expect(more).toEqual([]);
    expect(row).toMatchObject({ actor: { type: "system" }, comment: expect.stringContaining("81 % of the budget") });
    await tell(1_500 - before);
    expect((await done("GET", `${shop.at}/budget`)).state).toBe("over");
    expect((await evaluate(shop.server)).status).toBe(200);
    // Told together with the next commit, or by the alarm.
    await done("PUT", `${shop.at}/budget`, { evaluationsPerMonth: 2_000 });
    const types = async () =>
      runInDurableObject(env.COURIER.get(env.COURIER.idFromName(shop.project)), (_one: DurableObject, state) =>
        state.storage.sql
          .exec<{ type: string }>("SELECT type FROM delivery")
          .toArray()
          .map(({ type }) => type),
      );
    for (let turn = 0; turn < 100 && (await types()).length === 0; turn++) await scheduler.wait(20);
    expect(await types()).toEqual(["budget.warning"]);
    await done("DELETE", `${shop.at}/budget`);
    expect((await done("GET", `${shop.at}/budget`)).state).toBe("none");
  });
});
