import { env, runDurableObjectAlarm, SELF } from "cloudflare:test";
import { expect, test } from "vitest";
import type { Env } from "../../env.ts";

const bindings = env as unknown as Env;
const STATE = "http://blastdoor.test/api/v1/projects/alarms/environments/production/flags/f";

async function call(method: string, url: string, body?: object) {
  const headers = { Authorization: `Bearer ${bindings.ADMIN_TOKEN}`, "Content-Type": "application/json" };
  const response = await SELF.fetch(url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: answers of several routes, read by name
  return { status: response.status, json: (text === "" ? null : JSON.parse(text)) as any };
}

test("the alarm carries schedules out once, although it comes again and again", async () => {
  const project = "http://blastdoor.test/api/v1/projects/alarms";
  await call("PUT", project, {});
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await call("PUT", `${project}/flags/f`, definition);
  const at = new Date(Date.now() + 2_000).toISOString();
  const made = await call("POST", `${STATE}/schedules`, { at, patch: { enabled: true }, comment: "launch" });
  expect(made.status).toBe(201);

  const stub = bindings.FLAG_STORE.get(bindings.FLAG_STORE.idFromName("alarms"));
  while (Date.now() <= Date.parse(at)) await scheduler.wait(50);
  for (let time = 0; time < 3; time++) await runDurableObjectAlarm(stub);
  const applied = (await call("GET", `${STATE}/schedules`)).json.schedules;
  expect(applied).toMatchObject([{ id: made.json.id, status: "applied" }]);
  expect((await call("GET", STATE)).json).toMatchObject({ enabled: true, schedules: [] });

  await call("PATCH", STATE, { enabled: false });
  for (let time = 0; time < 3; time++) await runDurableObjectAlarm(stub);
  expect((await call("GET", STATE)).json.enabled).toBe(false);
  const { rows } = (await call("GET", `${project}/audit`)).json;
  const byAlarm = rows.filter((row: { action: string }) => row.action === "applySchedule");
  expect(byAlarm).toMatchObject([{ actor: { type: "schedule", id: made.json.id }, comment: "launch" }]);
});
