import { z } from "zod";
import { cause } from "./delivery.ts";
import { followUpView } from "./follow-up.ts";
import { breachEvidence } from "./guard.ts";
import { json, key, slug } from "./primitives.ts";

export const SEVERITIES = ["high", "medium", "low"] as const;
export const severity = z.enum(SEVERITIES);
export type Severity = z.infer<typeof severity>;

/** A fact that a finding rests on: who did what, when, in which change. */
export const evidence = z.object({
  text: z.string(),
  at: z.string().nullable(),
  by: z.string().nullable(),
  /** The change, as the audit numbers it. */
  revision: z.int().nullable(),
});
export type Evidence = z.infer<typeof evidence>;

export const findingAction = z.object({
  label: z.string(),
  /** A page of the dashboard. */
  path: z.string(),
  /** The same by the API; `body` is an example to adapt. */
  request: z.object({ method: z.enum(["GET", "POST", "PUT", "PATCH"]), path: z.string(), body: json.optional() }),
});
export type FindingAction = z.infer<typeof findingAction>;

export const finding = z
  .object({
    /** Stays the same from one review to the next. */
    id: z.string(),
    kind: z.string(),
    severity,
    /** Share of the environment's users, 0 to 1, whom the next accident would reach before something stops it. */
    blastRadius: z.number(),
    title: z.string(),
    reason: z.string(),
    evidence: z.array(evidence),
    action: findingAction,
  })
  .meta({ id: "ResilienceFinding" });
export type Finding = z.infer<typeof finding>;

export const resilienceWeek = z.object({
  /** Monday, such as 2026-11-23 (UTC). */
  week: z.string(),
  releases: z.int(),
  /** Releases that a plan rolled out. */
  byPlan: z.int(),
  /** Releases that reached at least half of all users at once. */
  inOneStep: z.int(),
  takenBack: z.int(),
  /** Different people who made the changes. */
  people: z.int(),
  /** The largest share of users that one change added, 0 to 1. */
  largestStep: z.number(),
});
export type ResilienceWeek = z.infer<typeof resilienceWeek>;

const figure = z.object({ value: z.number().nullable(), count: z.int() });
export const habits = z.object({
  /** Share of users that a release adds at once, 0 to 1: the median. */
  changeSize: figure,
  /** From the oldest commit to the end of its deployment (ms): the median. */
  leadTime: figure,
  /** From a kill or rollback to the next release of the same flag (ms): the median. */
  killToRelease: figure.extend({ waiting: z.int() }),
  /** Share of releases that a plan rolled out. */
  byPlan: figure,
});
export type Habits = z.infer<typeof habits>;

export const resilience = z
  .object({
    project: slug,
    environment: slug,
    at: z.string(),
    /** The largest blast radius first, at most 100. */
    findings: z.array(finding),
    /** How many there are, with those beyond the first hundred. */
    total: z.int(),
    /** Oldest first. */
    weeks: z.array(resilienceWeek),
    habits,
    /** What the trend and the habits are made from; not complete: older changes were left out. */
    changes: z.object({ read: z.int(), complete: z.boolean() }),
  })
  .meta({ id: "Resilience", description: "Where the next accident would come from, and what to do about it first" });
export type Resilience = z.infer<typeof resilience>;

export const incidentMoment = z.object({
  at: z.string(),
  what: z.enum(["released", "onset", "taken-back", "published", "served", "confirmed", "restored", "released-again"]),
  /** A data centre, for `served`. */
  where: z.string().nullable(),
  by: z.string().nullable(),
  revision: z.int().nullable(),
  comment: z.string(),
});
export type IncidentMoment = z.infer<typeof incidentMoment>;

export const incidentPage = z
  .object({
    project: slug,
    environment: slug,
    revision: z.int(),
    flag: key,
    kind: z.enum(["kill", "rollback"]),
    /** The one variant that was killed; null: the whole flag. */
    variant: key.nullable(),
    cause,
    by: z.string(),
    comment: z.string(),
    takenBackAt: z.string(),
    onsetAt: z.string().nullable(),
    confirmedAt: z.string().nullable(),
    /** From the onset to the value confirmed off (ms). */
    restoreMs: z.number().nullable(),
    timeline: z.array(incidentMoment),
    evidence: breachEvidence.nullable(),
    people: z.object({
      /** Users who were exposed to what was taken back, as the guard counted them. */
      exposed: z.int().nullable(),
      /** Of them, those whose outcome was bad; null where the metric counts no users. */
      harmed: z.int().nullable(),
      /** Share of users whom the flag reached until then, 0 to 1. */
      share: z.number().nullable(),
    }),
    followUps: z.array(followUpView),
  })
  .meta({
    id: "Incident",
    description: "A kill or a rollback, from its onset to confirmed off, and what follows from it",
  });
export type IncidentPage = z.infer<typeof incidentPage>;
