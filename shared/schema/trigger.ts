import { z } from "zod";
import { comment, key, name, slug } from "./primitives.ts";

/** Whose payload a call carried. `plain`: no body, or our own small one. */
export const SIGNAL_SOURCES = ["alertmanager", "grafana", "datadog", "pagerduty", "plain"] as const;
export const signalSource = z.enum(SIGNAL_SOURCES);
export type SignalSource = z.infer<typeof signalSource>;

/**
 * What a call told. Only `firing` may kill. An *episode* is one outbreak of one alert: it keeps its name however
 * often the tool repeats itself, and gets another when the alert fires anew.
 */
export const signal = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("firing"),
    source: signalSource,
    summary: z.string().max(300),
    /** Empty: nothing tells this call from another one. */
    episodes: z.array(z.string().max(200)).max(1_000),
    /** When the trouble began, as the tool says (epoch ms). */
    onset: z.number().nullable(),
    /** When this was sent, if the payload says so (epoch ms). */
    sentAt: z.number().nullable(),
  }),
  z.strictObject({ kind: z.literal("not-firing"), source: signalSource, summary: z.string().max(300) }),
  /** A tool's own "send a test": shows that the way is open, kills nothing. */
  z.strictObject({ kind: z.literal("test"), source: signalSource, summary: z.string().max(300) }),
  z.strictObject({ kind: z.literal("unrecognised"), reason: z.string().max(300) }),
]);
export type Signal = z.infer<typeof signal>;

/**
 * What became of a call. `already-killed`: nothing was left to do. `repeated`: this outbreak has pulled the trigger
 * before, and somebody may have restored the flag since. `stale`: sent too long ago. `refused`: the kill was, as for
 * an archived flag.
 */
export const CALL_OUTCOMES = [
  "killed",
  "already-killed",
  "repeated",
  "not-firing",
  "test",
  "stale",
  "unrecognised",
  "refused",
  "rate-limited",
] as const;
export const callOutcome = z.enum(CALL_OUTCOMES);
export type CallOutcome = z.infer<typeof callOutcome>;

export const triggerBody = z
  .strictObject({
    name,
    /** Kill this variant only. */
    variant: key.optional(),
    comment: comment.default(""),
  })
  .meta({ id: "TriggerWrite" });

/** One call of a trigger. */
export const triggerCall = z
  .object({
    at: z.string(),
    source: signalSource.nullable(),
    summary: z.string(),
    outcome: callOutcome,
    /** The project revision that the kill became. */
    revision: z.int().nullable(),
    /** Calls beyond the cap share a row for each minute. */
    calls: z.int(),
  })
  .meta({ id: "TriggerCall" });
export type TriggerCall = z.infer<typeof triggerCall>;

export const triggerView = z
  .object({
    id: z.string(),
    environment: slug,
    flag: key,
    name: z.string(),
    variant: key.optional(),
    /** The last characters of the secret. */
    hint: z.string(),
    createdBy: z.string(),
    createdAt: z.string(),
    /** The latest calls, newest first. */
    calls: z.array(triggerCall),
  })
  .meta({ id: "Trigger", description: "A secret URL with which monitoring kills a flag" });
export type TriggerView = z.infer<typeof triggerView>;

export const triggerCreated = z
  .object({
    id: z.string(),
    /** Where monitoring is to POST. Holds the secret; shown once. */
    url: z.string(),
    /** The same secret, for tools that can send `Authorization: Bearer` to `/v1/triggers`. */
    token: z.string(),
  })
  .meta({ id: "TriggerCreated" });
