import { z } from "zod";
import { comment, instant, key, slug } from "./primitives.ts";

/** How a deployment ended. `failure`: it never reached production. `rolled-back`: it did, and was taken back. */
export const DEPLOYMENT_STATUSES = ["success", "failure", "rolled-back"] as const;
export const deploymentStatus = z.enum(DEPLOYMENT_STATUSES);

const text = (max: number) => z.string().trim().max(max);
const deploymentFields = {
  environment: slug,
  /** What was deployed: a commit, a tag, a build. */
  version: text(100).min(1, "must not be empty"),
  status: deploymentStatus.default("success"),
  /** When it was done; now, unless set. */
  finishedAt: instant.optional(),
  /** When the oldest commit in it was made: lead time counts from there. */
  committedAt: instant.optional(),
  /** Several services are told apart by it. */
  service: text(100).optional(),
  url: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .optional(),
};
/** `id`: the same deployment told again replaces what was told, so that it can be marked as rolled back later. */
export const deploymentBody = z
  .strictObject({ id: key.optional(), ...deploymentFields, comment: comment.default("") })
  .meta({ id: "DeploymentWrite" });
export const deploymentView = z
  .object({ id: z.string(), ...deploymentFields, finishedAt: instant, createdBy: z.string() })
  .meta({ id: "Deployment" });
export type DeploymentView = z.infer<typeof deploymentView>;

/** Who or what took a flag back, or put it out. */
export const CAUSES = ["person", "guard", "trigger", "schedule"] as const;
export const cause = z.enum(CAUSES);
export type Cause = z.infer<typeof cause>;

const ms = z.number().nullable();
/** One of the four figures over a window: what it comes to, and from how many. `null`: nothing to count from. */
const figure = z.object({ value: ms, count: z.int() });

export const doraWeek = z.object({
  /** Monday, such as 2026-11-23 (UTC). */
  week: z.string(),
  deployments: z.int(),
  releases: z.int(),
  failed: z.int(),
  leadTimeMs: ms,
  restoreMs: ms,
});

export const incident = z.object({
  revision: z.int(),
  flag: key,
  environment: slug,
  cause,
  /** When the trouble began, by evidence of a guard or of monitoring, or as a person said. */
  onsetAt: z.string().nullable(),
  killedAt: z.string(),
  /** When every data centre that was awake served the value that is off; null: none has said so. */
  confirmedAt: z.string().nullable(),
  restoreMs: ms,
});

export const dora = z
  .object({
    environment: slug,
    from: z.string(),
    to: z.string(),
    days: z.number(),
    /** Changes that reached the environment, a day. */
    deploymentFrequency: z.object({ perDay: z.number(), deployments: z.int(), releases: z.int() }),
    /** Median, from the oldest commit to the end of its deployment (ms). */
    leadTime: figure,
    /** Share of changes that had to be taken back. */
    changeFailureRate: figure.extend({ failed: z.int() }),
    /** Median, from the onset of the trouble to the value confirmed off at the edge (ms). */
    timeToRestore: figure.extend({ withoutOnset: z.int(), unconfirmed: z.int() }),
    weeks: z.array(doraWeek),
    /** Newest first, at most 100. */
    incidents: z.array(incident),
  })
  .meta({ id: "Dora", description: "The four figures of DORA, from what happened here and what CI told" });
export type Dora = z.infer<typeof dora>;
