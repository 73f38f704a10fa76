import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { FLAG_TYPES, flagDefinition, flagState, flagStateInput, PURPOSES, VISIBILITIES } from "./flag.ts";
import { lifetimeView } from "./lifetime.ts";
import { freshness } from "./pointer.ts";
import { comment, echoed, instant, json, key, name, slug } from "./primitives.ts";
import { keyLimit } from "./quota.ts";
import { scheduleView } from "./schedule.ts";
import { holdout, layer, segment } from "./segment.ts";
import { keySigning } from "./signed-context.ts";
import { keyKind, kill } from "./snapshot.ts";

export const ROLES = ["viewer", "marketer", "engineer", "admin"] as const;
export const role = z.enum(ROLES);
export type Role = z.infer<typeof role>;
/** Whether `has` may do what `needs` names: each role includes those before it. */
export const roleCovers = (has: Role, needs: Role): boolean => ROLES.indexOf(has) >= ROLES.indexOf(needs);

/** By environment, in place of the project's role. */
export const environmentRoles = z
  .record(slug, role)
  .refine(
    (roles) => Object.keys(roles).length <= LIMITS.environmentsPerProject,
    `name at most ${LIMITS.environmentsPerProject} environments`,
  );
/** A role, and other roles in single environments. */
export const grants = z.strictObject({ role, environments: environmentRoles });
export type Grants = z.infer<typeof grants>;

/** Who stands behind a change; written into every audit row. */
export const actor = z.strictObject({
  type: z.enum(["admin", "token", "session", "schedule", "guard", "trigger", "system"]),
  id: z.string().max(100),
  name: z.string().max(LIMITS.nameChars),
  role,
});
export type Actor = z.infer<typeof actor>;

/** Fields that answers carry and a client may send back: those of projects, environments, flags and segments. */
const echoedOfAll = {
  ...echoed,
  key: key.optional(),
  project: slug.optional(),
  archivedAt: z.string().optional(),
  environments: json.optional(),
  kills: json.optional(),
  schedules: json.optional(),
  problems: json.optional(),
  origin: json.optional(),
  reach: json.optional(),
  list: json.optional(),
};
const written = { ...echoedOfAll, comment: comment.optional() };

/** What a write sets: the body without the fields that only answers carry, and the comment apart. */
export function splitWrite<B extends { comment?: string | undefined }>(
  body: B,
): { value: Omit<B, keyof typeof written>; comment: string } {
  const value: Record<string, unknown> = { ...body };
  for (const field of Object.keys(written)) delete value[field];
  return { value: value as Omit<B, keyof typeof written>, comment: body.comment ?? "" };
}

export const projectBody = z
  .strictObject({
    name: name.optional(),
    /** Created with the project; later ones by their own route. */
    environments: z.array(slug).min(1).max(LIMITS.environmentsPerProject).optional(),
    comment: comment.optional(),
  })
  .meta({ id: "ProjectWrite" });
export const environmentBody = z
  .strictObject({
    name: name.optional(),
    freshness: freshness.optional().meta({
      description:
        "Left out: as it was, at first `bounded`. `bounded`: a request whose edge knows nothing young enough waits, so that a kill is in force within two seconds. `stale-while-revalidate`: it is answered at once with knowledge of up to a minute, and a newer state is fetched behind it.",
    }),
    comment: comment.optional(),
  })
  .meta({ id: "EnvironmentWrite" });

export const projectView = z
  .object({
    key: slug,
    name: z.string(),
    revision: z.int(),
    epoch: z.int(),
    environments: z.array(z.object({ key: slug, name: z.string(), freshness, version: z.int() })),
    createdAt: z.string(),
  })
  .meta({ id: "Project" });

export const environmentView = z
  .object({ key: slug, name: z.string(), freshness, version: z.int() })
  .meta({ id: "Environment" });

export const keyBody = z
  .strictObject({
    kind: keyKind,
    name,
    /** Browser origins, such as https://shop.example; only for client keys. Empty or left out: any origin. */
    origins: z
      .array(
        z
          .string()
          .regex(/^https?:\/\/[^/\s]+$/, "an origin is scheme, host and port, such as https://shop.example")
          .max(300),
      )
      .max(LIMITS.originsPerKey)
      .optional(),
    expiresAt: instant.optional().meta({ description: "When it ends by itself; left out: it does not" }),
    rules: z.boolean().optional().meta({
      description: "Of a server key: whether it reads the rules themselves, to evaluate in a process of yours",
    }),
    comment: comment.optional(),
  })
  .superRefine((value, context) => {
    if (value.kind === "client" && value.rules)
      context.addIssue({
        code: "custom",
        path: ["rules"],
        message: "a client key is public: only a server key may read rules",
      });
    if (value.kind === "server" && value.origins?.length)
      context.addIssue({
        code: "custom",
        path: ["origins"],
        message: "origins bind browsers only, so only client keys have them",
      });
  })
  .meta({ id: "KeyWrite" });
export const keyCreated = z.object({ id: z.string(), key: z.string() }).meta({ id: "KeyCreated" });
export const keyView = z
  .object({
    id: z.string(),
    kind: keyKind,
    name: z.string(),
    origins: z.array(z.string()),
    createdAt: z.string(),
    createdBy: z.string(),
    hint: z.string(),
    limit: keyLimit.optional(),
    /** Of a client key: what it takes only when it is signed. */
    signing: keySigning.optional(),
    rules: z.literal(true).optional().meta({ description: "Of a server key: it reads the rules themselves" }),
    /** Requests since counting began, and how many were refused because of the limit; a minute or two behind. */
    asked: z.int(),
    limited: z.int(),
    ...lifetimeView,
  })
  .meta({ id: "Key" });

export const killView = kill.extend({ comment: z.string(), by: z.string(), at: z.string() }).meta({ id: "Kill" });
export type KillView = z.infer<typeof killView>;

export const flagWrite = flagDefinition.safeExtend(written).meta({ id: "FlagWrite" });
export const stateWrite = flagStateInput.safeExtend(written).meta({ id: "FlagStateWrite" });
export const segmentWrite = segment.safeExtend(written).meta({ id: "SegmentWrite" });
export const layerWrite = layer.safeExtend(written).meta({ id: "LayerWrite" });
export const holdoutWrite = holdout.safeExtend(written).meta({ id: "HoldoutWrite" });
/** RFC 7396: fields present replace, `null` removes, others stay. */
export const mergePatch = z
  .record(z.string(), json)
  .meta({ id: "MergePatch", description: "JSON merge patch (RFC 7396)" });

const versioned = { key, version: z.int(), revision: z.int(), createdAt: z.string(), updatedAt: z.string() };

/** In one environment, what a list of flags shows. */
const servedShares = z.array(z.object({ variant: key.nullable(), share: z.number() }));
const reachGroup = z.object({ rule: key, name: z.string().optional(), segments: z.array(key), share: z.number() });
export const reachSummary = z
  .object({
    /** Of the users whom no rule singles out, 0 to 1: who gets something else than the off variant. */
    share: z.number(),
    served: servedShares,
    /** Rules that single users out by attributes or segments, in order, and what share of those users is reached. */
    groups: z.array(reachGroup),
    /** Other flags on which it depends. */
    flags: z.array(key),
  })
  .meta({ id: "ReachSummary", description: "Whom a flag reaches when it is on and not killed" });

export const stateSummary = z
  .object({
    version: z.int(),
    enabled: z.boolean(),
    kills: z.array(z.object({ variant: key.optional(), serve: key.nullable() })),
    rules: z.int(),
    fallthrough: json,
    /** Rules in force that single people out before `everybody` is reached. */
    targeting: z.int(),
    /** What everybody else gets: the first rule in force without conditions, else the fallthrough. No ranges. */
    everybody: z.union([
      z.object({ variant: key.nullable() }),
      z.object({ split: z.array(z.object({ variant: key, weight: z.int() })), by: z.string() }),
    ]),
    /** Left out where `everybody` says it all; null where the flags that it depends on are too many to reckon. */
    reach: reachSummary.nullable().optional(),
  })
  .meta({ id: "FlagStateSummary" });
export type StateSummary = z.infer<typeof stateSummary>;

export const flagView = z
  .object({
    ...versioned,
    type: z.enum(FLAG_TYPES),
    purpose: z.enum(PURPOSES),
    variants: z.record(key, json),
    offVariant: key.nullable(),
    visibility: z.enum(VISIBILITIES),
    seed: z.string(),
    description: z.string(),
    owner: z.string(),
    tags: z.array(z.string()),
    expiresAt: z.string().optional(),
    archivedAt: z.string().optional(),
    environments: z.record(slug, stateSummary),
    /** Of a flag that was just made: what its maker may not expect. */
    notes: z.array(z.string()).optional(),
  })
  .meta({ id: "Flag" });
export type FlagView = z.infer<typeof flagView>;

export const stateView = z
  .looseObject({
    environment: slug,
    flag: key,
    version: z.int(),
    revision: z.int(),
    enabled: z.boolean(),
    updatedAt: z.string(),
    kills: z.array(killView),
    /** Changes that wait for their time, the next first. */
    schedules: z.array(scheduleView),
    /** As in the flag's summary. */
    reach: reachSummary.nullable().optional(),
    /** What saving would refuse today, and what evaluation leaves out or can never meet. */
    problems: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    /** The import that brought the flag here: whose file, its SHA-256, and when. */
    origin: z.object({ vendor: z.string(), file: z.string(), at: z.string() }).optional(),
  })
  .meta({ id: "FlagStateView", description: "A FlagState with its version, the kills in force and what is scheduled" });
export const segmentView = z
  .looseObject({ ...versioned })
  .meta({ id: "SegmentView", description: "A Segment with its version" });

export const archiveBody = z
  .strictObject({ flags: z.array(key).min(1).max(LIMITS.flagsPerProject), comment: comment.default("") })
  .meta({ id: "ArchiveWrite" });
export const killBody = z
  .strictObject({
    comment: comment.default(""),
    variant: key.optional(),
    onsetAt: instant.optional().meta({
      description:
        "When the trouble began, if you know: the time to restore counts from there. Needs the role engineer; at most 7 days before the kill",
    }),
  })
  .meta({ id: "KillWrite" });
export const restoreBody = z
  .strictObject({ comment: comment.default(""), variant: key.optional() })
  .meta({ id: "RestoreWrite" });

const environments = environmentRoles
  .optional()
  .meta({ description: "Other roles in single environments, each in place of `role`: there it may do more, or less" });

/** A narrower administrator could make a token without bounds. */
const boundAdmin = (value: { role: Role; environments?: Record<string, Role> | undefined }, ctx: z.RefinementCtx) => {
  if (value.role !== "admin" || Object.keys(value.environments ?? {}).length === 0) return;
  const message = "an admin may do everything everywhere: leave this out, or give a lower role";
  ctx.addIssue({ code: "custom", path: ["environments"], message });
};

export const tokenBody = z
  .strictObject({
    name,
    role,
    project: slug.optional(),
    environments,
    expiresAt: instant.optional().meta({ description: "When it ends by itself; left out: it does not" }),
  })
  .superRefine(boundAdmin)
  .meta({ id: "TokenWrite" });
export const tokenRoleBody = z
  .strictObject({ role, environments })
  .superRefine(boundAdmin)
  .meta({ id: "TokenRoleWrite" });
export const tokenCreated = z.object({ id: z.string(), token: z.string() }).meta({ id: "TokenCreated" });
export const tokenView = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    project: slug.optional(),
    environments: environmentRoles.optional(),
    createdAt: z.string(),
    createdBy: z.string(),
    ...lifetimeView,
  })
  .meta({ id: "Token" });

/** What failed: a token, a session's cookie, a sign-in link, the break-glass secret, the metrics token. */
export const FAILURE_KINDS = ["token", "session", "sign-in-link", "break-glass", "metrics"] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

const owned = {
  who: z.object({ id: z.string(), name: z.string() }),
  role,
  project: slug.optional(),
  environments: environmentRoles.optional(),
  createdAt: z.string(),
};
export const sessionView = z
  .object({
    id: z.string(),
    ...owned,
    openedWith: z.enum(["token", "admin-token", "link"]),
    openedFrom: z.string().optional().meta({ description: "The session that made the link; ends this one with it" }),
    lastUsedAt: z.string().meta({ description: "To the minute" }),
    expiresAt: z.string().meta({ description: "Unless it is used before; never later than the session it came from" }),
    current: z.boolean().meta({ description: "Whether it is the one that asks" }),
  })
  .meta({ id: "Session" });
export const signInLinkView = z
  .object({
    id: z.string(),
    ...owned,
    madeIn: z.string().optional().meta({ description: "The session that made it" }),
    expiresAt: z.string(),
  })
  .meta({ id: "SignInLink" });
export const signInFailureView = z
  .object({
    kind: z.enum(FAILURE_KINDS),
    network: z.string().meta({ description: 'Never a whole address: /24 of IPv4, /48 of IPv6; "other" for the rest' }),
    count: z.int(),
    firstAt: z.string(),
    lastAt: z.string(),
  })
  .meta({ id: "SignInFailure" });

export const auditChange = z.object({
  entity: z.string(),
  environment: z.string(),
  key: z.string(),
  before: json.nullable(),
  after: json.nullable(),
});
export const auditRow = z
  .object({
    revision: z.int(),
    at: z.string(),
    actor,
    action: z.string(),
    comment: z.string(),
    changes: z.array(auditChange),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: "AuditRow" });
export type AuditRow = z.infer<typeof auditRow>;

export const revertBody = z
  .strictObject({ version: z.int().min(1), comment: comment.optional(), dryRun: z.boolean().optional() })
  .meta({ id: "Revert" });

export const undoBody = z
  .strictObject({ revision: z.int().min(1), comment: comment.optional(), dryRun: z.boolean().optional() })
  .meta({ id: "Undo" });

/** A project as it travels: definitions, states with their ranges and seeds. Never keys, tokens or kills. */
export const exportDocument = z
  .strictObject({
    format: z.literal("blastdoor-export-1"),
    project: slug,
    revision: z.int().optional(),
    exportedAt: z.string().optional(),
    environments: z.record(slug, z.strictObject({ name: name.optional() })),
    flags: z.record(key, flagDefinition),
    states: z.record(slug, z.record(key, flagState)),
    segments: z.record(key, segment).default({}),
    layers: z.record(key, layer).default({}),
    holdouts: z.record(key, holdout).default({}),
  })
  .meta({ id: "Export" });
export type ExportDocument = z.infer<typeof exportDocument>;

export const changesReply = z
  .object({ revision: z.int(), dryRun: z.boolean(), changes: z.array(auditChange) })
  .meta({ id: "Changes" });

export const evaluateBody = z
  .strictObject({ context: z.record(z.string(), json).default({}), flag: key.optional() })
  .meta({ id: "PlaygroundRequest" });

/** Contexts that one sample holds: enough to see a per cent. */
export const SAMPLE_CONTEXTS = 1_000;
export const sampleBody = z
  .strictObject({
    contexts: z.array(z.record(z.string(), json)).min(1).max(SAMPLE_CONTEXTS),
    /** A state that is not saved: what everybody would get with it stands beside what they get now. */
    state: flagStateInput.optional(),
  })
  .meta({ id: "SampleRequest" });
const sampled = z.object({
  variant: key.nullable(),
  cause: z.string(),
  ruleId: key.nullable(),
});
export const sampleReply = z
  .object({
    revision: z.int(),
    /** What each context gets now, in the order asked. */
    before: z.array(sampled),
    /** The same with the state that was sent; null without one. */
    after: z.array(sampled).nullable(),
  })
  .meta({ id: "Sample", description: "What each of many contexts gets from one flag" });

export const reachBody = z
  .strictObject({
    /** A state that is not saved: whom the flag would reach with it. */
    state: flagStateInput.optional(),
    /** Reckoned as if the flag were on and not killed. */
    ifOn: z.boolean().default(false),
  })
  .meta({ id: "ReachRequest" });
const reach = reachSummary
  .extend({
    /** How it was reckoned: what stops users, and what serves the others. Shares add up to 1. */
    steps: z.array(
      z.object({
        cause: z.object({ by: z.string(), rule: key.optional() }),
        share: z.number(),
        served: servedShares,
      }),
    ),
  })
  .meta({ id: "Reach", description: "Whom a flag reaches, reckoned from its buckets" });
export type ReachView = z.infer<typeof reach>;
export const reachReply = z
  .object({
    revision: z.int(),
    /** As the environment stands; null where it is too entangled to reckon. */
    before: reach.nullable(),
    /** The same with the state that was sent; null without one. */
    after: reach.nullable(),
  })
  .meta({ id: "ReachReply" });
export type ReachReply = z.infer<typeof reachReply>;

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string().optional(),
    hint: z.string().optional().meta({ description: "What a program would do about it" }),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details" });
