import { z } from "zod";
import { backupRow } from "../../shared/schema/backup.ts";
import { breakGlass, pointer } from "../../shared/schema/pointer.ts";
import { servedReport } from "../../shared/schema/propagation.ts";
import { snapshot } from "../../shared/schema/snapshot.ts";
import { usageReport } from "../../shared/schema/usage.ts";
import { EVENT_TYPES } from "../../shared/schema/webhook.ts";
import { command, envelope } from "../../worker/objects/flag-store/commands.ts";
import { ENTITIES } from "../../worker/objects/flag-store/entities.ts";

/**
 * Everything that lies in SQLite or KV or goes from an edge to a store, as JSON Schemas: what is stored must go on
 * being read, and what an older edge sends must go on being taken.
 */
export function storedSchemas(): Record<string, unknown> {
  const schemaOf = (schema: z.ZodType) => z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const commands = command.options.map((one) => [`command ${one.shape.type.value}`, schemaOf(one)] as const);
  const entities = Object.entries(ENTITIES).map(([name, schema]) => [`entity ${name}`, schemaOf(schema)] as const);
  return Object.fromEntries([
    ...commands,
    ...entities,
    ["envelope", schemaOf(envelope.omit({ command: true }))],
    ["snapshot", schemaOf(snapshot)],
    ["pointer", schemaOf(pointer)],
    ["break-glass document", schemaOf(breakGlass)],
    ["backup row", schemaOf(backupRow)],
    ["report of what is served", schemaOf(servedReport)],
    ["report of use", schemaOf(usageReport)],
    ["webhook event", { enum: EVENT_TYPES }],
  ]);
}
