import { describe, expect, test } from "vitest";
import { CANARY_FLAG } from "../../../shared/schema/drill.ts";
import { api, done, newShop, newToken } from "../../testing/http.ts";
import { storeOf } from "../../testing/store.ts";

describe("a kill drill", () => {
  test("kills and restores the canary for real, says how long the edge took, and leaves it alive", async () => {
    const shop = await newShop();
    const drill = `${shop.at}/environments/production/drill`;
    expect(await done("GET", drill)).toEqual({ environment: "production", everyHours: null, nextAt: null, runs: [] });
    const run = await done("POST", `${drill}/run`);
    expect(run).toMatchObject({ outcome: "passed", flag: CANARY_FLAG });
    for (const ms of [run.killMs, run.restoreMs]) {
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThan(5_000);
    }
    expect((await done("GET", `${shop.state}/${CANARY_FLAG}`)).kills).toEqual([]);
    const { rows } = await done("GET", `${shop.at}/audit?after=${(await done("GET", shop.at)).revision - 5}`);
    const actions = rows
      .filter(({ actor }: { actor: { id: string } }) => actor.id === "drill")
      .map(({ action }: { action: string }) => action);
    expect(actions.slice(-3)).toEqual(["kill", "restore", "recordDrill"]);
    expect((await done("GET", drill)).runs).toEqual([run]);
  });

  test("is no incident, no release and no event of the flag", async () => {
    const shop = await newShop();
    const before = await done("GET", `${shop.at}/dora`);
    await done("POST", `${shop.at}/environments/production/drill/run`);
    const after = await done("GET", `${shop.at}/dora`);
    expect([after.incidents, after.deploymentFrequency]).toEqual([before.incidents, before.deploymentFrequency]);
  });

  test("is due at once when it is planned, and again so many hours after the last", async () => {
    const shop = await newShop();
    const drill = `${shop.at}/environments/production/drill`;
    expect(await storeOf(shop.project).drillsDue()).toEqual([]);
    await done("PUT", drill, { everyHours: 6 });
    expect(await storeOf(shop.project).drillsDue()).toEqual(["production"]);
    const run = await done("POST", `${drill}/run`);
    expect(await storeOf(shop.project).drillsDue()).toEqual([]);
    const view = await done("GET", drill);
    expect(Date.parse(view.nextAt) - Date.parse(run.at)).toBe(6 * 3_600_000);
    await done("DELETE", drill);
    expect(await done("GET", drill)).toMatchObject({ everyHours: null, nextAt: null });
  });

  test("is an engineer's to plan and to run", async () => {
    const shop = await newShop();
    const drill = `${shop.at}/environments/production/drill`;
    const { token } = await newToken("marketer");
    expect((await api("PUT", drill, {}, { token })).status).toBe(403);
    expect((await api("POST", `${drill}/run`, undefined, { token })).status).toBe(403);
    expect((await api("POST", `${shop.at}/environments/moon/drill/run`)).json.code).toBe("environment-not-found");
  });
});

test("flag debt is judged by an environment's flags, and says why", async () => {
  const shop = await newShop();
  await done("PATCH", `${shop.at}/flags/public`, { expiresAt: "2026-01-01T00:00:00Z" });
  const debt = await done("GET", `${shop.at}/debt`);
  expect(debt).toMatchObject({ environment: "production", days: 30 });
  expect(debt.flags).toMatchObject([
    { flag: "public", reasons: [{ reason: "expired", since: "2026-01-01T00:00:00.000Z" }] },
  ]);
  expect((await api("GET", `${shop.at}/debt?days=0`)).status).toBe(422);
});
