import { describe, expect, test } from "vitest";
import { admin } from "../app.ts";
import { api } from "../testing/http.ts";

// biome-ignore lint/suspicious/noExplicitAny: a document of the OpenAPI standard, walked by its rules
type Node = any;
const { json: document, headers, status } = await api("GET", "/openapi.json", undefined, { token: null });
const described: { name: string; path: string; operation: Node }[] = Object.entries(document.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods as Node).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
);
/** Below /api/v1; what is not says so by servers of its own. */
const operations = described.filter(({ operation }) => !operation.servers);

/** What other programs rely on. Names may be added, never taken away. */
const CONTRACT = [
  "GET /projects",
  "PUT /projects/{}",
  "GET /projects/{}",
  "DELETE /projects/{}",
  "POST /projects/{}/environments/{}/keys",
  "GET /projects/{}/environments/{}/keys",
  "DELETE /projects/{}/environments/{}/keys/{}",
  "PUT /projects/{}/flags/{}",
  "GET /projects/{}/flags/{}",
  "DELETE /projects/{}/flags/{}",
  "GET /projects/{}/flags",
  "PUT /projects/{}/environments/{}/flags/{}",
  "GET /projects/{}/environments/{}/flags/{}",
  "POST /projects/{}/environments/{}/flags/{}/kill",
  "POST /projects/{}/environments/{}/flags/{}/restore",
  "POST /tokens",
  "GET /tokens",
  "DELETE /tokens/{}",
  "PUT /projects/{}/segments/{}",
  "GET /projects/{}/segments/{}",
  "DELETE /projects/{}/segments/{}",
  "GET /projects/{}/audit",
  "POST /projects/{}/revert",
  "GET /projects/{}/export",
  "POST /projects/{}/import",
  "POST /projects/{}/environments/{}/evaluate",
  "GET /projects/{}/environments/{}/propagation",
];

function nodes(node: Node, visit: (node: Node, path: string) => void, path = "#"): void {
  if (typeof node !== "object" || node === null) return;
  visit(node, path);
  for (const [name, child] of Object.entries(node)) nodes(child, visit, `${path}/${name}`);
}
const bodies = operations.filter(({ operation }) => operation.requestBody);

test("is open to everybody, as OpenAPI 3.1", () => {
  expect([status, headers.get("Content-Type")?.split(";")[0]]).toEqual([200, "application/json"]);
  expect(document.openapi).toBe("3.1.0");
  expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
  expect(document.servers).toEqual([{ url: "/api/v1" }]);
});

test("names every route that is served, and serves every route that it names", () => {
  const served = admin.routes
    .filter(({ method, path }) => method !== "ALL" && path !== "/openapi.json")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  expect([...new Set(served)].sort()).toEqual(operations.map(({ name }) => name).sort());
});

test("has every name of the contract", () => {
  const names = new Set(operations.map(({ name }) => name.replaceAll(/\{\w+\}/g, "{}")));
  expect(CONTRACT.filter((name) => !names.has(name))).toEqual([]);
});

test("describes events, which are outside administration, with their own address", () => {
  const events = described.find(({ name }) => name === "POST /v1/events");
  expect(events?.operation.servers).toEqual([{ url: "/" }]);
  expect(document.components.schemas.TelemetryEvent.properties).toHaveProperty("unit");
});

test("describes what pages, products and servers call, which is outside administration too", () => {
  const named = described.filter(({ operation }) => operation.servers?.[0].url === "/").map(({ name }) => name);
  expect(named.sort()).toEqual([
    "GET /server/v1/changes",
    "GET /v1/ask/{project}/{environment}/{id}",
    "POST /v1/ask/{flag}",
    "POST /v1/doors/{flag}/click",
    "POST /v1/doors/{flag}/join",
    "POST /v1/doors/{flag}/open",
    "POST /v1/doors/{flag}/seen",
    "POST /v1/events",
    "POST /v1/pages",
  ]);
  for (const { operation } of described.filter(({ operation }) => operation.tags[0] === "Tests of demand")) {
    expect(operation.summary).toEqual(expect.any(String));
    expect(Object.keys(operation.responses).some((code) => code.startsWith("2"))).toBe(true);
  }
});

test("every reference leads somewhere", () => {
  const broken: string[] = [];
  nodes(document, (node, path) => {
    if (typeof node.$ref !== "string") return;
    const target = node.$ref
      .slice(2)
      .split("/")
      .reduce((at: Node, name: string) => at?.[name], document);
    if (!node.$ref.startsWith("#/") || target === undefined) broken.push(`${path}: ${node.$ref}`);
  });
  expect(broken).toEqual([]);
});

test("nothing of OpenAPI 3.0 is left in it", () => {
  const old: string[] = [];
  nodes(document.components.schemas, (node, path) => {
    if (node.nullable !== undefined || typeof node.exclusiveMinimum === "boolean") old.push(path);
  });
  expect(old).toEqual([]);
});

describe.each(operations)("$name", ({ path, operation }) => {
  test("says what it does, what it takes and what it answers", () => {
    expect(operation.summary).toEqual(expect.any(String));
    expect(operation.tags).toHaveLength(1);
    const declared = (operation.parameters ?? []).filter((one: Node) => one.in === "path").map((one: Node) => one.name);
    expect(declared.sort()).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort());
    expect(Object.keys(operation.responses).some((code) => code.startsWith("2"))).toBe(true);
    for (const response of Object.values(operation.responses))
      expect((response as Node).description).toEqual(expect.any(String));
  });
});

test("every JSON body refers to a named schema, which refuses what it does not know", () => {
  const loose: string[] = [];
  for (const { name, operation } of bodies) {
    const schema = operation.requestBody.content["application/json"]?.schema;
    if (!schema) continue;
    const component = document.components.schemas[schema.$ref?.split("/").at(-1) ?? ""];
    // A merge patch names no fields of its own: what it makes is checked instead.
    if (!component || (component.additionalProperties !== false && !schema.$ref.endsWith("/MergePatch")))
      loose.push(name);
  }
  expect(loose).toEqual([]);
  expect(bodies.length).toBeGreaterThan(10);
});

test("guarded routes ask for a bearer token and say so, with their refusals", () => {
  const open = operations.filter(({ operation }) => !operation.security).map(({ name }) => name);
  expect(open).toEqual(["POST /session"]);
  for (const { operation } of operations) expect(operation.responses).toHaveProperty("401");
  expect(document.components.securitySchemes.bearer).toEqual({ type: "http", scheme: "bearer" });
});
