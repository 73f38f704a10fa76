import { expect, test } from "vitest";
import "yaml";
// Loaded beforehand: what is bundled when deployed is fetched and transformed when a test first asks for it.
import "../../../shared/evaluation/dialects/dialects.ts";
import "../../../shared/import/flagd/format.ts";
import { murmur3 } from "../../../shared/evaluation/bucketing/bucket.ts";
import { IMPORT_LIMITS } from "../../../shared/limits.ts";
import { env } from "../../testing/bindings.ts";
import { type Answer, done, fetched, newToken } from "../../testing/http.ts";
import { newName } from "../../testing/names.ts";

const share = (weights: [string, number][]) => ({ fractional: [{ var: "targetingKey" }, ...weights] });
const file = (on: number, more: object = {}) => ({
  flags: {
    share: {
      state: "ENABLED",
      variants: { on: true, off: false },
      defaultVariant: "off",
      targeting: share([
        ["on", on],
        ["off", 100 - on],
      ]),
    },
    plain: { state: "ENABLED", variants: { a: "A", b: "B" }, defaultVariant: "a" },
    ...more,
  },
});
const REFUSED = { state: "ENABLED", variants: { a: "A", b: 1 }, defaultVariant: "a" };

async function newTarget() {
  const project = newName();
  await done("PUT", `/projects/${project}`, { environments: ["staging", "production"] });
  const at = `/projects/${project}/environments/production`;
  const { key } = await done("POST", `${at}/keys`, { kind: "server", name: "app" });
  const send = (body: unknown, query = "", headers: Record<string, string> = {}): Promise<Answer> =>
    fetched(`/api/v1/projects/${project}/import?from=flagd&environment=production${query}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}`, "Content-Type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const valueFor = async (flag: string, context: object) =>
    (
      await fetched(`/ofrep/v1/evaluate/flags/${flag}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
        body: JSON.stringify({ context }),
      })
    ).json.value;
  return { project, at, send, valueFor };
}

test("an imported flag is told of, kept with where it came from, and served from the edge", async () => {
  const { project, at, send, valueFor } = await newTarget();
  const body = file(50, { odd: REFUSED });
  const dry = await send(body, "&dryRun=true");
  expect([dry.status, dry.json.dryRun]).toEqual([200, true]);
  expect((await done("GET", `/projects/${project}/flags`)).flags).toEqual([]);

  const { status, json } = await send(body);
  expect(status).toBe(200);
  expect(json.flags).toEqual([
    { key: "share", status: "exact", reasons: [] },
    { key: "plain", status: "exact", reasons: [] },
    { key: "odd", status: "refused", reasons: [{ path: "flags.odd.variants", message: expect.any(String) }] },
  ]);
  expect(json.context.attributes.targetingKey).toBe("targetingKey");
  const { origin } = await done("GET", `${at}/flags/share`);
  expect(origin).toEqual({ vendor: "flagd", file: json.file, at: expect.any(String) });

  expect(await valueFor("plain", {})).toBe("A");
  for (const targetingKey of ["a", "b", "c", "d", "user-1"])
    expect([targetingKey, await valueFor("share", { targetingKey })]).toEqual([
      targetingKey,
      murmur3(targetingKey, 0) >>> 31 === 0,
    ]);
});

test("a second import updates what was not changed here, and reports what was", async () => {
  const { project, at, send } = await newTarget();
  await send(file(0));
  const again = await send(file(0));
  expect(again.json.revision).toBeGreaterThan(0);
  await done("PATCH", `${at}/flags/plain`, { rules: [{ id: "mine", when: { all: [] }, serve: { variant: "b" } }] });
  const { json } = await send(file(100));
  expect(json.flags).toEqual([
    { key: "share", status: "exact", reasons: [] },
    {
      key: "plain",
      status: "refused",
      conflict: true,
      reasons: [{ path: "plain", message: expect.stringContaining("changed here since") }],
    },
  ]);
  expect((await done("GET", `${at}/flags/plain`)).rules[0].id).toBe("mine");
  expect(JSON.stringify((await done("GET", `${at}/flags/share`)).rules)).toContain('"to":100');
  await done("PUT", `/projects/${project}/flags/own`, { type: "boolean", variants: { on: true }, offVariant: null });
  const own = { state: "ENABLED", variants: { on: true }, defaultVariant: "on" };
  const third = await send(file(100, { own }));
  expect(third.json.flags[2].reasons[0].message).toContain("was not imported");
});

test("the same file goes into another environment without touching the first", async () => {
  const { project, at, send } = await newTarget();
  await send(file(100));
  const before = await done("GET", `${at}/flags/share`);
  const answer = await fetched(`/api/v1/projects/${project}/import?from=flagd&environment=staging`, {
    method: "POST",
    headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}`, "Content-Type": "application/json" },
    body: JSON.stringify(file(20)),
  });
  expect(answer.json.flags.map(({ status }: { status: string }) => status)).toEqual(["exact", "exact"]);
  expect((await done("GET", `${at}/flags/share`)).rules).toEqual(before.rules);
  const back = await send(file(40));
  expect(back.json.flags[0]).toEqual({ key: "share", status: "exact", reasons: [] });
});

test("YAML is taken by its content type", async () => {
  const { send, valueFor } = await newTarget();
  const yaml =
    "flags:\n  plain: &f\n    state: ENABLED\n    variants: {a: A, b: B}\n    defaultVariant: b\n  copy: *f\n";
  const { status, json } = await send(yaml, "", { "Content-Type": "application/yaml" });
  expect([status, json.flags.length]).toEqual([200, 2]);
  expect(await valueFor("copy", {})).toBe("B");
});

const bomb = `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]\n`).join("")}flags: *a12\n`;
const YAML = { "Content-Type": "application/yaml" };
const HOSTILE: [string, string, Record<string, string>, number][] = [
  ["cut off", '{"flags": {"a": {"state": "ENA', {}, 400],
  ["of another shape", '{"flags": []}', {}, 422],
  ["an empty text", "", {}, 400],
  ["no object", "7", {}, 422],
  ["with __proto__", '{"flags": {"__proto__": {"state": "ENABLED", "variants": {}}}}', {}, 400],
  ["too deep", `{"flags": ${'{"a":'.repeat(200)}1${"}".repeat(200)}}`, {}, 400],
  ["of a type that is neither", "flags: {}", { "Content-Type": "text/plain" }, 415],
  ["damaged YAML", "flags: [", YAML, 400],
  ["YAML in circles", "flags: &a\n  b: *a\n", YAML, 400],
  ["YAML that grows", bomb, YAML, 400],
  ["YAML with __proto__", "flags:\n  __proto__: {state: ENABLED, variants: {a: 1}}\n", YAML, 400],
  ["YAML with a tag of code", "flags: !!js/function 'function(){}'\n", YAML, 422],
];
test.each(HOSTILE)("a file that is %s is refused, and nothing is kept", async (_, body, headers, status) => {
  const { project, send } = await newTarget();
  const answer = await send(body, "", headers);
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining('"code"')]);
  expect((await done("GET", `/projects/${project}/flags`)).flags).toEqual([]);
});

test("a file that is too large is refused by what it announces", async () => {
  const { send } = await newTarget();
  const answer = await send(`{"flags":{},"x":"${"y".repeat(IMPORT_LIMITS.bytes)}"}`);
  expect([answer.status, answer.json.code]).toEqual([413, "body-too-large"]);
});

test("flags named as what every object has are flags like others", async () => {
  const { send, valueFor } = await newTarget();
  const on = { state: "ENABLED", variants: { constructor: "c", toString: "t" }, defaultVariant: "constructor" };
  const { json } = await send({ flags: { hasOwnProperty: on, constructor: on } });
  const refused = json.flags.filter(({ status }: { status: string }) => status === "refused");
  for (const { key } of json.flags)
    if (!refused.some((one: { key: string }) => one.key === key)) expect(await valueFor(key, {})).toBe("c");
});

test("from, environment and role are asked for before the file is read", async () => {
  const { project, send } = await newTarget();
  const post = (query: string, token: string | null) =>
    fetched(`/api/v1/projects/${project}/import?${query}`, {
      method: "POST",
      headers: { ...(token && { Authorization: `Bearer ${token}` }), "Content-Type": "application/json" },
      body: JSON.stringify(file(10)),
    });
  const admin = env.ADMIN_TOKEN as string;
  expect((await post("from=flagd&environment=production", null)).status).toBe(401);
  const { token } = await newToken("marketer", project);
  expect((await post("from=flagd&environment=production", token)).status).toBe(403);
  const unknown = await post("from=nobody&environment=production", admin);
  expect([unknown.status, unknown.text]).toEqual([422, expect.stringContaining("flagd")]);
  expect((await post("from=flagd", admin)).status).toBe(422);
  expect((await post("from=flagd&environment=nowhere", admin)).status).toBe(404);
  expect((await send(file(10))).status).toBe(200);
});
