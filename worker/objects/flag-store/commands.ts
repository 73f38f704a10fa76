import { z } from "zod";
import { LIMITS } from "../../../shared/limits.ts";
import { actor, exportDocument } from "../../../shared/schema/admin.ts";
import { darkStage, stopReason, testSettings } from "../../../shared/schema/demand-test.ts";
import { flagDefinition, flagStateInput } from "../../../shared/schema/flag.ts";
import { breachEvidence, guardDefinition } from "../../../shared/schema/guard.ts";
import { planDefinition } from "../../../shared/schema/plan.ts";
import { comment, instant, key, name, slug } from "../../../shared/schema/primitives.ts";
import { keyLimit } from "../../../shared/schema/quota.ts";
import { scheduleTime, statePatch } from "../../../shared/schema/schedule.ts";
import { holdout, layer, listKey, segment } from "../../../shared/schema/segment.ts";
import { keyKind } from "../../../shared/schema/snapshot.ts";
import { budgetCommands } from "../../admin/budget/commands.ts";
import { deploymentCommands } from "../../admin/delivery/commands.ts";
import { drillCommands } from "../../admin/drills/commands.ts";
import { freezeCommands } from "../../admin/freezes/commands.ts";
import { type AutomaticOf, schemasOf } from "../../admin/kernel/define-commands.ts";
import { planTemplateCommands } from "../../admin/plan-templates/commands.ts";
import { triggerCommands } from "../../admin/triggers/commands.ts";
import { webhookCommands } from "../../admin/webhooks/commands.ts";

const patch = statePatch;
const listed = z.array(listKey).max(LIMITS.segmentListPatchKeys);
const scheduleId = z.string().max(100);
const at = { environment: slug, flag: key };
const stage = z
  .int()
  .min(0)
  .max(LIMITS.stagesPerPlan - 1);
/** What an automatic step means: repeated, or overtaken by a person, it does nothing. */
const meant = { run: z.string().max(100).optional(), from: stage.optional() };

/** Commands of resources that have a folder of their own. */
export const RESOURCE_COMMANDS = {
  ...budgetCommands,
  ...deploymentCommands,
  ...drillCommands,
  ...freezeCommands,
  ...planTemplateCommands,
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
    type: z.literal("createSchedule"),
    ...at,
    at: scheduleTime,
    patch,
    acknowledgeExposure: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("cancelSchedule"), ...at, id: scheduleId }),
  /** Sent by the store's own alarm only. */
  z.strictObject({ type: z.literal("applySchedule"), ...at, id: scheduleId }),
  z.strictObject({ type: z.literal("putGuard"), ...at, guard: guardDefinition }),
  z.strictObject({ type: z.literal("deleteGuard"), ...at }),
  /** Sent by guards only: a breach that is told and not acted upon, so that audit and webhooks know. */
  z.strictObject({ type: z.literal("reportBreach"), ...at, evidence: breachEvidence, waiting: z.boolean() }),
  z.strictObject({ type: z.literal("putPlan"), ...at, plan: planDefinition }),
  z.strictObject({ type: z.literal("deletePlan"), ...at }),
  z.strictObject({ type: z.literal("startPlan"), ...at, stage: stage.optional() }),
  z.strictObject({ type: z.literal("pausePlan"), ...at }),
  z.strictObject({ type: z.literal("resumePlan"), ...at, stage: stage.optional() }),
  z.strictObject({ type: z.literal("advancePlan"), ...at, ...meant }),
  z.strictObject({ type: z.literal("stepBackPlan"), ...at, ...meant }),
  z.strictObject({ type: z.literal("rollbackPlan"), ...at }),
  z.strictObject({
    type: z.literal("putTest"),
    ...at,
    settings: testSettings,
    /** Of the flag, when it is made with the test. */
    description: z.string().max(LIMITS.descriptionChars).optional(),
    acknowledgeExposure: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("startTest"), ...at, acknowledgeExposure: z.boolean().optional() }),
  z.strictObject({
    type: z.literal("stopTest"),
    ...at,
    reason: stopReason,
    /** Does nothing in another run: a stop rule that comes late must not end the next one. */
    run: z.int().optional(),
  }),
  z.strictObject({
    type: z.literal("stageTest"),
    ...at,
    stage: darkStage,
    acknowledgeExposure: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal("deleteTest"), ...at }),
  z.strictObject({ type: z.literal("putSegment"), segment: key, definition: segment }),
  z.strictObject({ type: z.literal("deleteSegment"), segment: key }),
  z.strictObject({
    type: z.literal("putList"),
    segment: key,
    /** Where the store keeps what was sent. Another for each attempt, so it is no part of what was asked for. */
    upload: z.string().max(40),
    /** SHA-256 of the hashes: what tells a repeated request from another one. */
    digest: z.string().length(64),
  }),
  z.strictObject({ type: z.literal("patchList"), segment: key, add: listed, remove: listed }),
  z.strictObject({ type: z.literal("deleteList"), segment: key }),
  z.strictObject({ type: z.literal("putLayer"), layer: key, definition: layer }),
  z.strictObject({ type: z.literal("deleteLayer"), layer: key }),
  z.strictObject({ type: z.literal("putHoldout"), holdout: key, definition: holdout }),
  z.strictObject({ type: z.literal("deleteHoldout"), holdout: key }),
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
export type OwnCommand = CommandOf<
  "applySchedule" | "reportBreach" | "stepBackPlan" | AutomaticOf<typeof RESOURCE_COMMANDS>
>;

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
