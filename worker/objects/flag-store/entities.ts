import { z } from "zod";
import { actor } from "../../../shared/schema/admin.ts";
import { deploymentStatus } from "../../../shared/schema/delivery.ts";
import { testFields } from "../../../shared/schema/demand-test.ts";
import { drillRun } from "../../../shared/schema/drill.ts";
import { flagDefinition, flagState } from "../../../shared/schema/flag.ts";
import { freeze } from "../../../shared/schema/freeze.ts";
import { breachEvidence, guardEntity } from "../../../shared/schema/guard.ts";
import { plan, planTemplate } from "../../../shared/schema/plan.ts";
import { instant, key, name } from "../../../shared/schema/primitives.ts";
import { budgetFields, keyLimit } from "../../../shared/schema/quota.ts";
import { scheduleFields } from "../../../shared/schema/schedule.ts";
import { holdout, layer, segment } from "../../../shared/schema/segment.ts";
import { keyKind } from "../../../shared/schema/snapshot.ts";
import { eventType, webhookFormat } from "../../../shared/schema/webhook.ts";

/**
 * Everything a project consists of, each with one schema, parsed when written and again when read from SQLite.
 * `state`, `key`, `kill`, `schedule`, `plan`, `guard`, `freeze`, `trigger` and `test` belong to an environment; the rest to
 * the project (environment "").
 */
export const ENTITIES = {
  project: z.strictObject({ name }),
  environment: z.strictObject({ name, position: z.int() }),
  flag: flagDefinition.safeExtend({ seed: z.string(), archivedAt: instant.optional() }),
  state: flagState,
  segment,
  layer,
  holdout,
  /** A segment's long list, by the segment's key: what of it is where. The hashes have tables of their own. */
  list: z.strictObject({
    /** Public half of the hash key; the other is the project's secret. */
    salt: z.string(),
    version: z.string(),
    count: z.int(),
    shards: z.array(z.string()),
  }),
  key: z.strictObject({
    kind: keyKind,
    name: z.string(),
    hash: z.string().length(64),
    /** The last characters of the token, so that people can tell keys apart. */
    hint: z.string(),
    origins: z.array(z.string()),
    createdBy: z.string(),
    limit: keyLimit.optional(),
  }),
  /** Drills of an environment's stop button, by the key "kill". */
  drill: z.strictObject({ everyHours: z.int().nullable(), runs: z.array(drillRun) }),
  /** Of a project, by the key "budget". */
  budget: z.strictObject({
    ...budgetFields,
    /** The month in which it was warned of last. */
    warnedMonth: z.string().optional(),
  }),
  kill: z.strictObject({
    flag: key,
    variant: key.optional(),
    serve: key.nullable(),
    revision: z.int(),
    comment: z.string(),
    by: z.string(),
    at: instant,
    /** When the trouble began, by evidence of monitoring or as a person said. */
    onsetAt: instant.optional(),
    /** Project revision of the restore. Kept until a snapshot without the kill is out. */
    clearedRevision: z.int().optional(),
    /** Of a guard's kill: the numbers behind it. */
    evidence: breachEvidence.optional(),
  }),
  /** A guard that watches a flag without a plan, and its present observation. */
  guard: guardEntity,
  /** The last breach of a flag that its guard told of and did not act upon. */
  breach: z.strictObject({
    evidence: breachEvidence,
    /** A person is asked to let the kill happen; false: an alert was all that was wanted. */
    waiting: z.boolean(),
  }),
  /** A secret URL that kills a flag. */
  trigger: z.strictObject({
    flag: key,
    name: z.string(),
    variant: key.optional(),
    /** SHA-256 of the token. */
    hash: z.string().length(64),
    hint: z.string(),
    createdBy: z.string(),
  }),
  /** Where events go. What must stay secret is sealed or derived: the audit shows these documents. */
  webhook: z.strictObject({
    name: z.string(),
    /** The URL, sealed. */
    url: z.string(),
    host: z.string(),
    events: z.array(eventType),
    environments: z.array(z.string()),
    format: webhookFormat,
    /** Public half of the signing secret; the other is the project's secret. */
    salt: z.string(),
    /** The half that was rotated out, and until when it goes on signing. */
    previous: z.strictObject({ salt: z.string(), until: instant }).optional(),
    /** Where the dashboard is, for links. */
    dashboard: z.string(),
    paused: z.boolean(),
    createdBy: z.string(),
  }),
  /** A deployment that CI told of. */
  deployment: z.strictObject({
    version: z.string(),
    status: deploymentStatus,
    finishedAt: instant,
    committedAt: instant.optional(),
    service: z.string().optional(),
    url: z.string().optional(),
    createdBy: z.string(),
  }),
  /** A break-glass kill, by its id, that has been restored. */
  tombstone: z.strictObject({ flag: key }),
  /** A future change of a flag's state, and afterwards what became of it. */
  schedule: z.strictObject({
    ...scheduleFields,
    /** Hidden flags that it was said to be meant that a public one tells of. */
    acknowledgedFlags: z.array(key).optional(),
    /** Of schedules stored before those were: whatever is exposed is meant. */
    acknowledgeExposure: z.boolean().optional(),
    /** Who made it, and with which right it is applied. */
    by: actor,
    /** What admitted it: the rights of the changes that it makes. Missing: it was stored before those were asked for. */
    rights: z.literal(1).optional(),
  }),
  /** How a flag is released, and the run that was started last. */
  plan,
  planTemplate,
  freeze,
  /** What a flag of a test's purpose is tested with, by the flag's key. */
  test: z.strictObject(testFields),
} as const;

export type Entity = keyof typeof ENTITIES;
export type Body<E extends Entity> = z.infer<(typeof ENTITIES)[E]>;

/** One stored document. `version` starts at 1 and rises with each change of this document alone. */
export interface Row<E extends Entity> {
  entity: E;
  /** "" for what all environments share. */
  environment: string;
  key: string;
  version: number;
  body: Body<E>;
  createdAt: number;
  updatedAt: number;
  /** Project revision of the last change. */
  revision: number;
}

/** What a command changes about one document; `null` before: made, `null` after: removed. */
export type Change = {
  [E in Entity]: { entity: E; environment: string; key: string; before: Body<E> | null; after: Body<E> | null };
}[Entity];

/** The project as a command sees it. */
export interface ProjectView {
  get<E extends Entity>(entity: E, environment: string, key: string): Row<E> | null;
  /** All documents of a kind, of one environment when given, in key order. */
  list<E extends Entity>(entity: E, environment?: string): Row<E>[];
  /** Like `list`, only those whose JSON holds `text`: narrows a scan before the documents are parsed. */
  mentioning<E extends Entity>(entity: E, text: string): Row<E>[];
  count(entity: Entity, environment?: string): number;
}
