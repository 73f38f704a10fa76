import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { expect, test } from "vitest";
import { storedSlug } from "../../../shared/schema/names.ts";
import type { Env } from "../../env.ts";
import { frontDoor } from "../../front-door.ts";
import { readBreakGlass } from "../../kv/break-glass.ts";
import { env } from "../../testing/bindings.ts";
import { newShop } from "../../testing/http.ts";
import { newName } from "../../testing/names.ts";

const SECRET = "a-break-glass-secret-of-these-tests";

// biome-ignore lint/suspicious/noExplicitAny: an answer, looked at by field
async function press(path: string, body: object = {}, kv = env.SNAPSHOTS): Promise<{ status: number; json: any }> {
  const request = new Request(`https://blastdoor.test/api/v1/break-glass/${path}/kill`, {
    method: "POST",
    headers: { Authorization: `Bearer ${SECRET}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const context = createExecutionContext();
  const withSecret = { ...(env as Env), SNAPSHOTS: kv, BREAK_GLASS_SECRET: SECRET };
  const response = await frontDoor(request as never, withSecret, context);
  await waitOnExecutionContext(context);
  return { status: response.status, json: await response.json() };
}
const at = (project: string, flag: string, environment = "production") =>
  `projects/${project}/environments/${environment}/flags/${flag}`;

test("a press for names that are known is answered without a warning", async () => {
  const { project } = await newShop();
  const { status, json } = await press(at(project, "public"));
  expect([status, json.warnings]).toEqual([200, []]);
  expect(json.environments.production).toEqual([json.kill]);
});

test("one for a project, an environment, a flag or a variant that is not known is written, with a warning", async () => {
  const { project } = await newShop();
  for (const [path, body, code] of [
    [at(newName(), "public"), {}, "environment-not-found"],
    [at(project, "public", "productoin"), {}, "environment-not-found"],
    [at(project, "publik"), {}, "flag-not-found"],
    [at(project, "public"), { variant: "nope" }, "variant-not-found"],
    [at(project, "public"), { serve: "nope" }, "variant-not-found"],
  ] as const) {
    const { status, json } = await press(path, body);
    expect([path, status, json.warnings]).toMatchObject([path, 200, [{ code }]]);
    const [, name = "", , environment = ""] = path.split("/");
    const { environments } = await readBreakGlass(env.SNAPSHOTS, storedSlug(name));
    expect(environments[storedSlug(environment)]).toContainEqual(json.kill);
  }
});

test("one that KV does not take is no kill: 503 says to press again", async () => {
  const { project } = await newShop();
  const refusing = {
    get: env.SNAPSHOTS.get.bind(env.SNAPSHOTS),
    put: () => Promise.reject(new Error("KV PUT failed: 500")),
  } as unknown as KVNamespace;
  expect(await press(at(project, "public"), {}, refusing)).toMatchObject({
    status: 503,
    json: { code: "kv-unavailable" },
  });
});
