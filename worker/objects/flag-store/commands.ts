import { z } from "zod";
import { actor } from "../../../shared/schema/admin.ts";
import { comment, slug } from "../../../shared/schema/primitives.ts";
import { budgetCommands } from "../../admin/budget/commands.ts";
import { deploymentCommands } from "../../admin/delivery/commands.ts";
import { drillCommands } from "../../admin/drills/commands.ts";
import { flagCommands } from "../../admin/flags/commands.ts";
import { freezeCommands } from "../../admin/freezes/commands.ts";
import { guardCommands } from "../../admin/guards/commands.ts";
import { historyCommands } from "../../admin/history/commands.ts";
import { type AutomaticOf, schemasOf } from "../../admin/kernel/define-commands.ts";
import { keyCommands } from "../../admin/keys/commands.ts";
import { killCommands } from "../../admin/kills/commands.ts";
import { planTemplateCommands } from "../../admin/plan-templates/commands.ts";
import { planCommands } from "../../admin/plans/commands.ts";
import { projectCommands } from "../../admin/projects/commands.ts";
import { scheduleCommands } from "../../admin/schedules/commands.ts";
import { listCommands } from "../../admin/segment-lists/commands.ts";
import { segmentCommands } from "../../admin/segments/commands.ts";
import { signingKeyCommands } from "../../admin/signing-keys/commands.ts";
import { testCommands } from "../../admin/tests/commands.ts";
import { triggerCommands } from "../../admin/triggers/commands.ts";
import { webhookCommands } from "../../admin/webhooks/commands.ts";

/** The commands of every resource, by their type. */
export const COMMANDS = {
  ...budgetCommands,
  ...deploymentCommands,
  ...drillCommands,
  ...flagCommands,
  ...freezeCommands,
  ...guardCommands,
  ...historyCommands,
  ...keyCommands,
  ...killCommands,
  ...listCommands,
  ...planCommands,
  ...planTemplateCommands,
  ...projectCommands,
  ...scheduleCommands,
  ...segmentCommands,
  ...signingKeyCommands,
  ...testCommands,
  ...triggerCommands,
  ...webhookCommands,
};

/** Everything that can be asked of a project. Parsed again at the Durable Object's own border. */
export const command = z.discriminatedUnion("type", schemasOf(COMMANDS));
export type Command = z.infer<typeof command>;
export type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;
/** What alarms, guards and drills send: no route takes any of these from a person. */
export type OwnCommand = CommandOf<AutomaticOf<typeof COMMANDS>>;

/** A command with everything that surrounds it. */
export const envelope = z.strictObject({
  /** Same id, same command: carried out once, answered alike. */
  id: z.string().min(1).max(300),
  project: slug,
  actor,
  comment,
  /** The version the writer last saw of the document (`If-Match`). */
  ifVersion: z.int().optional(),
  /** Decide and answer, change nothing. */
  dryRun: z.boolean().optional(),
  command,
});
export type Envelope = z.infer<typeof envelope>;
