import { expect, test } from "vitest";
import { z } from "zod";
import { defineCommands } from "../../admin/kernel/define-commands.ts";
import { defineEntity, type EntityDefinition } from "../../admin/kernel/define-entity.ts";
import { defineResource } from "../../admin/kernel/define-resource.ts";
import { COMMANDS, type Command, command, type OwnCommand } from "./commands.ts";
import { ENTITY_DEFINITIONS, removedWith } from "./entities.ts";
import { merged } from "./merged.ts";
import { handlerOf } from "./resources.ts";

test("a deletion removes everything but what is kept on purpose, in the order that the audit knows", () => {
  const project =
    "tombstone schedule plan guard breach planTemplate freeze trigger drill budget deployment test webhook key state flag segment list layer holdout environment project";
  const known = new Set(project.split(" "));
  // A kind of document that comes later may stand anywhere between these.
  const ofKnown = (removed: readonly string[]) => removed.filter((entity) => known.has(entity));
  expect(ofKnown(removedWith("project"))).toEqual([...known]);
  const environment = "tombstone schedule plan guard breach freeze trigger drill deployment test key state";
  expect(ofKnown(removedWith("environment"))).toEqual(environment.split(" "));
  const kept = Object.entries(ENTITY_DEFINITIONS).filter(([, { whenDeleted }]) => whenDeleted === "kept");
  expect(kept.map(([entity]) => entity)).toEqual(["kill"]);
});

test("a restored backup is held to the limits that commands keep", () => {
  const limits = Object.entries(ENTITY_DEFINITIONS as Record<string, EntityDefinition>).flatMap(
    ([entity, { limit, scope }]) => (limit ? [[entity, limit, scope] as const] : []),
  );
  expect(Object.fromEntries(limits)).toMatchObject({
    environment: "environmentsPerProject",
    flag: "flagsPerProject",
    segment: "segmentsPerProject",
    list: "segmentListsPerProject",
    layer: "layersPerProject",
    holdout: "holdoutsPerProject",
    planTemplate: "planTemplatesPerProject",
    webhook: "webhooksPerProject",
    schedule: "schedulesPerProject",
    key: "keysPerEnvironment",
    trigger: "triggersPerEnvironment",
    freeze: "freezesPerEnvironment",
    signingKey: "signingKeysPerEnvironment",
  });
  for (const [entity, limit, scope] of limits)
    if (limit.endsWith("PerEnvironment")) expect([entity, scope]).toEqual([entity, "environment"]);
});

test("every command is in the union once, and something decides it", () => {
  const types = command.options.map((one) => one.shape.type.value);
  expect(new Set(types).size).toBe(types.length);
  expect(types).toEqual(Object.keys(COMMANDS));
  for (const type of types) expect(handlerOf({ type } as Command).decide, type).toBeTypeOf("function");
});

test("what only automation sends is named by the definition", () => {
  const automatic = Object.entries(COMMANDS).flatMap(([type, { sender }]) => (sender === "automation" ? [type] : []));
  expect(automatic.sort()).toEqual([
    "applySchedule",
    "expireKey",
    "recordDrill",
    "reportBreach",
    "stepBackPlan",
    "warnBudget",
    "warnOfKeyExpiry",
  ] satisfies OwnCommand["type"][]);
  // @ts-expect-error a person sends it
  "putBudget" satisfies OwnCommand["type"];
});

test("two resources that give an entity or a command the same name do not start", () => {
  expect(merged<object>([{ one: 1 }, { two: 2 }])).toEqual({ one: 1, two: 2 });
  expect(() => merged<object>([{ one: 1 }, { one: 2 }])).toThrow('"one" is defined twice');
});

test("a definition that lacks something does not compile", () => {
  const commands = defineCommands({ putThing: { fields: { thing: z.string() } }, deleteThing: { fields: {} } });
  const none = () => ({ ok: true as const, value: { changes: [], publish: [] } });
  const whole = {
    commands,
    decide: { putThing: none, deleteThing: none },
    view: { putThing: null, deleteThing: null },
  };
  expect(Object.keys(defineResource(whole).handlers)).toEqual(["putThing", "deleteThing"]);
  // @ts-expect-error a command that nothing decides
  defineResource({ ...whole, decide: { putThing: none } });
  // @ts-expect-error a command of which nobody says what its answer shows
  defineResource({ ...whole, view: { putThing: null } });
  const entity = { schema: z.string(), scope: "project", whenDeleted: "removed", rights: () => [] } as const;
  defineEntity(entity);
  const { whenDeleted: _, ...undeletable } = entity;
  // @ts-expect-error an entity of which nobody says what a deletion does to it
  defineEntity(undeletable);
  const { rights: __, ...unguarded } = entity;
  // @ts-expect-error an entity that needs no right
  defineEntity(unguarded);
  const { scope: ___, ...homeless } = entity;
  // @ts-expect-error an entity that belongs to nothing
  defineEntity(homeless);
});
