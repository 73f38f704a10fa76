import { expect, test } from "vitest";
import { NAMES, readFixture } from "./fixture.ts";
import { schemaChanges } from "./openapi-changes.ts";
import { storedSchemas } from "./stored-schemas.ts";

// Entities, commands, snapshots, pointers, backups and webhook events as an earlier version stored and sent them.

// biome-ignore lint/suspicious/noExplicitAny: JSON Schemas, altered at will
type Schemas = Record<string, any>;
const before: Schemas = JSON.parse(readFixture(NAMES.schemas));
const altered = (alter: (schemas: Schemas) => void): string[] => {
  const after = structuredClone(before);
  alter(after);
  return schemaChanges(before, after);
};

test("what was stored, and what older edges send, is still read: names and fields are only added", () => {
  expect(Object.keys(before).filter((name) => name.startsWith("entity ")).length).toBeGreaterThan(20);
  expect(Object.keys(before).filter((name) => name.startsWith("command ")).length).toBeGreaterThan(60);
  expect(schemaChanges(before, JSON.parse(JSON.stringify(storedSchemas())))).toEqual([]);
});

test("an entity, a command, an event or a field that is gone or narrower is reported; an addition is not", () => {
  expect(altered((all) => delete all["entity kill"])).toEqual(["entity kill: is gone"]);
  expect(altered((all) => delete all["command putFlag"])).toEqual(["command putFlag: is gone"]);
  expect(altered((all) => all["webhook event"].enum.shift())).toEqual([
    'webhook event: the value "flag.changed" is gone',
  ]);
  expect(altered((all) => delete all["entity kill"].properties.onsetAt)).toEqual(["entity kill.onsetAt: is gone"]);
  expect(altered((all) => all["command revokeKey"].required.push("reason"))).toEqual([
    "command revokeKey.reason: is new and required",
  ]);
  expect(
    altered((all) => {
      all["entity kill"].properties.more = { type: "string" };
      all["command newOne"] = {};
    }),
  ).toEqual([]);
});
