import { expect, test } from "vitest";
import { NAMES, readFixture } from "./fixture.ts";
import { openapiChanges } from "./openapi-changes.ts";

// The comparison by which compatibility.test.ts holds the OpenAPI document to additions: what it reports, and what not.

// biome-ignore lint/suspicious/noExplicitAny: a document of the OpenAPI standard, altered at will
type Document = any;
const before: Document = JSON.parse(readFixture(NAMES.openapi));
const altered = (alter: (document: Document) => void): string[] => {
  const after = structuredClone(before);
  alter(after);
  return openapiChanges(before, after);
};
const FLAG = "/projects/{project}/flags/{flag}";
const bodyOf = (document: Document, method: string, path: string) =>
  document.paths[path][method].requestBody.content["application/json"];
const named = (document: Document, name: string) => document.components.schemas[name];

test("the same document is no change", () => {
  expect(altered(() => {})).toEqual([]);
});

test("additions are none: routes, fields, optional parameters, methods, components", () => {
  const changes = altered((document) => {
    document.paths["/projects/{project}/resilience"] = { get: { responses: { 200: {} } } };
    document.paths[FLAG].post = { responses: {} };
    document.paths[FLAG].get.parameters.push({ in: "query", name: "more", schema: { type: "string" } });
    document.paths[FLAG].get.responses[451] = { description: "New" };
    named(document, "Flag").properties.added = { type: "string" };
    named(document, "Flag").required.push("added");
    document.components.schemas.New = { type: "object" };
  });
  expect(changes).toEqual([]);
});

test.each<[what: string, alter: (document: Document) => void, reported: RegExp]>([
  ["a route that is gone", (one) => delete one.paths[FLAG], /^GET \/projects\/\{project\}\/flags\/\{flag\}: is gone$/],
  ["a method that is gone", (one) => delete one.paths[FLAG].patch, /^PATCH .*: is gone$/],
  ["an answer that is gone", (one) => delete one.paths[FLAG].put.responses[201], /^PUT .* answer 201: is gone$/],
  [
    "a parameter that is gone",
    (one) => (one.paths["/projects/{project}/audit"].get.parameters = []),
    /^GET \/projects\/\{project\}\/audit query parameter "after": is gone$/,
  ],
  [
    "a new required parameter",
    (one) => one.paths[FLAG].get.parameters.push({ in: "query", name: "more", required: true, schema: {} }),
    /^GET .* query parameter "more": is new and required$/,
  ],
  [
    "a field of an answer that is renamed",
    (one) => {
      const { properties } = named(one, "AuditRow");
      properties.previous = properties.previousHash;
      delete properties.previousHash;
    },
    /audit answer 200\.rows\[\]\.previousHash: is gone$/,
  ],
  [
    "a field of an answer that may be missing",
    (one) => (named(one, "AuditRow").required = []),
    /audit answer 200\.rows\[\]\.hash: may be left out now$/,
  ],
  [
    "a field of an answer that may be null",
    (one) => (named(one, "AuditRow").properties.comment = { type: ["string", "null"] }),
    /audit answer 200\.rows\[\]\.comment: may be "null" now$/,
  ],
  [
    "a value that is gone",
    (one) => {
      const { properties } = bodyOf(one, "post", "/projects/{project}/environments/{environment}/keys").schema.$ref
        ? named(one, "KeyWrite")
        : bodyOf(one, "post", "/projects/{project}/environments/{environment}/keys").schema;
      properties.kind = { type: "string", enum: ["server"] };
    },
    /keys request body\.kind: the value "client" is gone$/,
  ],
  [
    "a request that needs more",
    (one) => {
      const { schema } = bodyOf(one, "post", "/tokens");
      const target = schema.$ref ? named(one, schema.$ref.split("/").at(-1)) : schema;
      target.required.push("project");
    },
    /^POST \/tokens request body\.project: is required now$/,
  ],
  [
    "a request that takes less",
    (one) => {
      const { schema } = bodyOf(one, "post", "/tokens");
      const target = schema.$ref ? named(one, schema.$ref.split("/").at(-1)) : schema;
      target.properties.name = { type: "string", minLength: 5, maxLength: 10, pattern: "^[a-z]+$" };
    },
    /^POST \/tokens request body\.name: maxLength is 10 now/,
  ],
  [
    "an operator that is gone, deep in a union that contains itself",
    (one) => {
      const walk = (value: Document): void => {
        if (typeof value !== "object" || value === null) return;
        if (Array.isArray(value.enum) && value.enum.includes("in_cidr"))
          value.enum = value.enum.filter((name: string) => name !== "in_cidr");
        for (const child of Object.values(value)) walk(child);
      };
      walk(one);
    },
    /the value "in_cidr" is gone$/,
  ],
  ["a component that is gone", (one) => delete one.components.schemas.AuditRow, /^component AuditRow: is gone$/],
])("reported: %s", (_what, alter, reported) => {
  expect(altered(alter)).toContainEqual(expect.stringMatching(reported));
});
