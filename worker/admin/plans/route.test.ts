import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { env } from "../../testing/bindings.ts";
import { api, done, newToken } from "../../testing/http.ts";
import { newName } from "../../testing/names.ts";
import { stubOf } from "../../testing/store.ts";

const SHARES = [1_000, 10_000, 100_000];
const stages = (over: object = {}) => SHARES.map((share) => ({ audience: { share }, ...over }));

async function newShop(purpose = "release") {
  const project = newName();
  const at = `/projects/${project}`;
  const flag = `${at}/environments/production/flags/checkout`;
  await done("PUT", at, { environments: ["production"] });
  const definition = { type: "boolean", purpose, variants: { on: true, off: false }, offVariant: "off" };
  await done("PUT", `${at}/flags/checkout`, definition);
  return { project, at, flag, plan: `${flag}/plan` };
}
const body = (over: object = {}) => ({ variant: "on", baseline: "off", stages: stages(), ...over });

describe("a release plan over HTTP", () => {
  test("is made, read back and sent back unchanged, started, advanced, rolled back and deleted", async () => {
    const { at, plan, flag } = await newShop();
    expect((await api("GET", plan)).json.code).toBe("plan-not-found");
    const listed = async (of: string) => (await done("GET", `${at}/environments/production/plans?flag=${of}`)).plans;
    expect(await listed("checkout")).toEqual([]);
    expect((await api("PUT", plan, body({ stages: stages({ advance: "by-hand" }) }))).status).toBe(201);
    const read = await api("GET", plan);
    expect(read.headers.get("ETag")).toBe('"1"');
    expect(await listed("checkout")).toEqual([read.json]);
    expect(await listed("another")).toEqual([]);
    expect((await api("PUT", plan, read.json)).status).toBe(200);
    expect((await api("GET", plan)).json.version).toBe(1);

    const started = await done("POST", `${plan}/start`, { comment: "go" });
    expect(started.run).toMatchObject({ status: "running", stage: 0, waits: [{ for: "person" }] });
    expect(started.run.steps).toMatchObject([{ what: "started", comment: "go" }]);
    expect((await done("GET", flag)).enabled).toBe(true);
    expect((await done("POST", `${plan}/advance`, { from: 0 })).run.stage).toBe(1);
    expect((await done("POST", `${plan}/advance`, { from: 0 })).run.stage).toBe(1);
    expect((await done("POST", `${plan}/pause`)).run.status).toBe("paused");
    expect((await done("POST", `${plan}/resume`, { stage: 2 })).run).toMatchObject({ status: "running", stage: 2 });
    expect((await api("DELETE", plan)).json.code).toBe("plan-state");
    expect((await done("POST", `${plan}/rollback`)).run.status).toBe("rolled-back");
    const share = (await done("GET", flag)).rules.find(({ id }: { id: string }) => id === "plan-share");
    expect(share.serve.split).toEqual([
      { variant: "on", weight: 0 },
      { variant: "off", weight: 100_000 },
    ]);
    expect((await api("DELETE", plan)).status).toBe(204);
    expect((await api("GET", plan)).status).toBe(404);
  });

  test("names the field that is wrong", async () => {
    const { plan } = await newShop();
    for (const [over, field] of [
      [{ variant: "green" }, "variant"],
      [{ stages: [{ audience: { segment: "gone" } }] }, "stages.0.audience.segment"],
      [{ stages: [...stages(), { audience: { share: 5 } }] }, "stages.3.audience.share"],
      [{ holdback: 50_000 }, "holdback"],
      [{ baseline: "on" }, "baseline"],
    ] as const) {
      const { status, json } = await api("PUT", plan, body(over));
      expect([status, json.errors?.[0].field]).toEqual([422, field]);
    }
  });

  test("loses a race against a version that has moved on", async () => {
    const { plan } = await newShop();
    await done("PUT", plan, body());
    await done("POST", `${plan}/start`);
    const late = { headers: { "If-Match": '"1"' } };
    expect((await api("POST", `${plan}/pause`, {}, late)).json.code).toBe("version-conflict");
  });

  test("is a marketer's to run for a test of demand, and an engineer's for a release", async () => {
    const { token } = await newToken("marketer");
    for (const [purpose, status] of [
      ["release", 403],
      ["experiment", 201],
    ] as const) {
      const { plan } = await newShop(purpose);
      expect((await api("PUT", plan, body(), { token })).status).toBe(status);
      await api("PUT", plan, body());
      expect((await api("POST", `${plan}/start`, {}, { token })).status).toBe(status === 403 ? 403 : 200);
    }
  });

  test("is listed with the others of its environment", async () => {
    const { at, plan } = await newShop();
    await done("PUT", plan, body());
    const { plans } = await done("GET", `${at}/environments/production/plans`);
    expect(plans.map(({ flag }: { flag: string }) => flag)).toEqual(["checkout"]);
  });
});

describe("the store's alarm", () => {
  test("takes a plan on by a stage when its time has come, once, although it comes again and again", async () => {
    const { project, at, plan } = await newShop();
    const two = [
      { audience: { share: 1_000 }, minimumSeconds: 1 },
      { audience: { share: 100_000 }, minimumSeconds: 600 },
    ];
    await done("PUT", plan, body({ stages: two }));
    await done("POST", `${plan}/start`);
    await runDurableObjectAlarm(stubOf(project));
    expect((await done("GET", plan)).run.stage).toBe(0);
    await scheduler.wait(1_050);
    for (let time = 0; time < 3; time++) await runDurableObjectAlarm(stubOf(project));
    expect((await done("GET", plan)).run).toMatchObject({ stage: 1, status: "running" });
    const { rows } = await done("GET", `${at}/audit`);
    const steps = rows.filter(({ action }: { action: string }) => action === "advancePlan");
    expect(steps).toMatchObject([{ actor: { type: "schedule", name: "Release plan" } }]);
  });

  test("leaves a plan alone whose flag was killed by break-glass", async () => {
    const { project, plan } = await newShop();
    await done("PUT", plan, body({ stages: stages({ minimumSeconds: 1 }) }));
    await done("POST", `${plan}/start`);
    const kill = { id: "bg_1", flag: "checkout", serve: "off", revision: 0 };
    await env.SNAPSHOTS.put(`break-glass/${project}`, JSON.stringify({ environments: { production: [kill] } }));
    await scheduler.wait(1_050);
    await runDurableObjectAlarm(stubOf(project));
    expect((await done("GET", plan)).run.stage).toBe(0);
  });
});

describe("templates and freeze windows", () => {
  test("are kept, listed and deleted", async () => {
    const { at } = await newShop();
    const template = { name: "Slow", description: "For payments", stages: stages({ minimumSeconds: 86_400 }) };
    expect((await api("PUT", `${at}/plan-templates/slow`, template)).status).toBe(201);
    const { templates } = await done("GET", `${at}/plan-templates`);
    expect(templates).toMatchObject([{ key: "slow", name: "Slow", stages: [{ minimumSeconds: 86_400 }, {}, {}] }]);
    expect((await api("PUT", `${at}/plan-templates/slow`, templates[0])).status).toBe(200);
    expect((await api("DELETE", `${at}/plan-templates/slow`)).status).toBe(204);

    const freezes = `${at}/environments/production/freezes`;
    const weekly = { days: ["friday"], from: "16:00", until: "08:00", timeZone: "Europe/Berlin" };
    expect((await api("PUT", `${freezes}/friday`, { name: "Friday night", weekly })).status).toBe(201);
    expect((await done("GET", freezes)).freezes).toMatchObject([{ id: "friday", name: "Friday night", weekly }]);
    expect((await api("PUT", `${freezes}/half`, { name: "Half" })).json.errors[0].field).toBe("from");
    expect((await api("DELETE", `${freezes}/friday`)).status).toBe(204);
    expect((await api("DELETE", `${freezes}/friday`)).json.code).toBe("freeze-not-found");
  });
});
