import { z } from "zod";
import { LIMITS } from "../../../shared/limits.ts";
import { actor, exportDocument } from "../../../shared/schema/admin.ts";
import { flagDefinition, flagStateInput } from "../../../shared/schema/flag.ts";
import { breachEvidence } from "../../../shared/schema/guard.ts";
import { comment, instant, key, name, slug } from "../../../shared/schema/primitives.ts";
import { keyLimit } from "../../../shared/schema/quota.ts";
import { statePatch } from "../../../shared/schema/schedule.ts";
import { keyKind } from "../../../shared/schema/snapshot.ts";
import { budgetCommands } from "../../admin/budget/commands.ts";
import { deploymentCommands } from "../../admin/delivery/commands.ts";
import { drillCommands } from "../../admin/drills/commands.ts";
import { freezeCommands } from "../../admin/freezes/commands.ts";
import { guardCommands } from "../../admin/guards/commands.ts";
import { type AutomaticOf, schemasOf } from "../../admin/kernel/define-commands.ts";
import { planTemplateCommands } from "../../admin/plan-templates/commands.ts";
import { planCommands } from "../../admin/plans/commands.ts";
import { scheduleCommands } from "../../admin/schedules/commands.ts";
import { listCommands } from "../../admin/segment-lists/commands.ts";
import { segmentCommands } from "../../admin/segments/commands.ts";
import { testCommands } from "../../admin/tests/commands.ts";
import { triggerCommands } from "../../admin/triggers/commands.ts";
import { webhookCommands } from "../../admin/webhooks/commands.ts";

const patch = statePatch;
const at = { environment: slug, flag: key };
/** Commands of resources that have a folder of their own. */
export const RESOURCE_COMMANDS = {
  ...budgetCommands,
  ...deploymentCommands,
  ...drillCommands,
  ...freezeCommands,
  ...guardCommands,
  ...listCommands,
  ...planCommands,
  ...planTemplateCommands,
  ...scheduleCommands,
  ...segmentCommands,
  ...testCommands,
  ...triggerCommands,
  ...webhookCommands,
};
export type ResourceCommand = z.infer<(typeof RESOURCE_COMMANDS)[keyof typeof RESOURCE_COMMANDS]["schema"]>;

/** Everything that can be asked of a project. Parsed again at the Durable Object's own border. */
export const command = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("putProject"), name: name.optional(), environments: z.array(slug).optional() }),
  z.strictObject({ type: z.literal("deleteProject") }),
  z.strictObject({ type: z.literal("putEnvironment"), environment: slug, name: name.optional() }),
  z.strictObject({ type: z.literal("deleteEnvironment"), environment: slug }),
  z.strictObject({
    type: z.literal("putFlag"),
    flag: key,
    definition: flagDefinition,
    /** Allow an archived key to be used again. */
    reuse: z.boolean().optional(),
    acknowledgeExposure: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("patchFlag"), flag: key, patch, acknowledgeExposure: z.boolean().optional() }),
  z.strictObject({ type: z.literal("archiveFlag"), flag: key }),
  z.strictObject({ type: z.literal("archiveFlags"), flags: z.array(key).min(1).max(LIMITS.flagsPerProject) }),
  z.strictObject({
    type: z.literal("putState"),
    ...at,
    state: flagStateInput,
    acknowledgeExposure: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("patchState"), ...at, patch, acknowledgeExposure: z.boolean().optional() }),
  z.strictObject({
    type: z.literal("kill"),
    ...at,
    variant: key.optional(),
    onsetAt: instant.optional(),
    /** Only a guard brings any. */
    evidence: breachEvidence.optional(),
  }),
  z.strictObject({
    type: z.literal("restore"),
    ...at,
    variant: key.optional(),
    /** Break-glass kills to be lifted with it. */
    breakGlassIds: z.array(z.string().max(100)).max(100).optional(),
  }),
  z.strictObject({
    type: z.literal("createKey"),
    environment: slug,
    id: z.string(),
    kind: keyKind,
    name,
    hash: z.string().length(64),
    hint: z.string(),
    origins: z.array(z.string()),
  }),
  z.strictObject({ type: z.literal("limitKey"), environment: slug, id: z.string(), limit: keyLimit.nullable() }),
  z.strictObject({ type: z.literal("revokeKey"), environment: slug, id: z.string() }),
  z.strictObject({
    type: z.literal("revert"),
    revision: z.int().min(1),
    acknowledgeExposure: z.boolean().optional(),
  }),
  z.strictObject({
    type: z.literal("import"),
    document: exportDocument,
    acknowledgeExposure: z.boolean().optional(),
  }),
  ...schemasOf(RESOURCE_COMMANDS),
]);
export type Command = z.infer<typeof command>;
export type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;
/** What alarms, guards and drills send: no route takes any of these from a person. */
export type OwnCommand = CommandOf<AutomaticOf<typeof RESOURCE_COMMANDS>>;

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
