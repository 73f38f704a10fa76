import { z } from "zod";
import { comment, name, slug } from "./primitives.ts";

/** What happens in a project that others may want to hear of. */
export const EVENT_TYPES = [
  "flag.changed",
  "flag.killed",
  "flag.restored",
  "guard.breached",
  "plan.waiting",
  "test.reached-sample",
  "schedule.applied",
  "schedule.failed",
  "budget.warning",
  "drill.failed",
  "key.expiring",
  "key.expired",
  "deployment.rollback-requested",
] as const;
export const eventType = z.enum(EVENT_TYPES);
export type EventType = z.infer<typeof eventType>;

/** A flag that an event is about; "" stands for what all environments share. */
const subject = z.object({ flag: z.string(), environment: z.string() });

/** What a receiver gets, as Standard Webhooks frames it: `type`, `timestamp`, and the event itself in `data`. */
export const webhookMessage = z
  .object({
    type: z.union([eventType, z.literal("webhook.test")]),
    /** When it happened. */
    timestamp: z.string(),
    data: z.object({
      project: slug,
      /** The audit's row, which holds every detail: `GET /projects/{project}/audit?after={revision - 1}`. */
      revision: z.int(),
      /** The first of `subjects`; absent when the event is about no flag. */
      flag: z.string().optional(),
      environment: z.string().optional(),
      /** At most 100; `more` says how many were left out. */
      subjects: z.array(subject),
      more: z.int(),
      /** Of events about keys: which one. */
      key: z.object({ id: z.string(), name: z.string(), expiresAt: z.string() }).optional(),
      /** Of `deployment.rollback-requested`: what CI reported of each service; `previous` is null where nothing came before. */
      deployments: z
        .array(z.object({ service: z.string().optional(), version: z.string(), previous: z.string().nullable() }))
        .optional(),
      actor: z.object({ type: z.string(), id: z.string(), name: z.string() }),
      action: z.string(),
      comment: z.string(),
    }),
  })
  .meta({ id: "WebhookMessage" });
export type WebhookMessage = z.infer<typeof webhookMessage>;

/** `standard`: the message as JSON, signed. `slack`: a text for an incoming webhook of Slack or what takes its format. */
export const webhookFormat = z.enum(["standard", "slack"]);
export type WebhookFormat = z.infer<typeof webhookFormat>;

const fields = {
  name,
  url: z.string().min(1).max(2_000),
  events: z.array(eventType).min(1, "choose at least one event").max(EVENT_TYPES.length),
  /** Only what happens in these environments; empty: in all of them. */
  environments: z.array(slug).max(20),
};
export const webhookBody = z
  .strictObject({
    ...fields,
    environments: fields.environments.default([]),
    format: webhookFormat.default("standard"),
    comment: comment.default(""),
  })
  .meta({ id: "WebhookWrite" });
export const webhookPatch = z
  .strictObject({
    name: fields.name.optional(),
    url: fields.url.optional(),
    events: fields.events.optional(),
    environments: fields.environments.optional(),
    /** Paused: nothing is sent, and what happens meanwhile is not sent later. */
    paused: z.boolean().optional(),
    comment: comment.default(""),
  })
  .meta({ id: "WebhookPatch" });
export const webhookCreated = z
  .object({
    id: z.string(),
    /** Verifies signatures, `whsec_…`; shown once. */
    secret: z.string(),
  })
  .meta({ id: "WebhookCreated" });

/**
 * `pending`: on its way, or waiting for its next attempt. `dead`: given up; it can be sent again by hand.
 */
export const deliveryStatus = z.enum(["pending", "delivered", "dead"]);
export const delivery = z
  .object({
    id: z.int(),
    /** `webhook-id`: the same for every attempt, so that receivers can tell repetitions. */
    messageId: z.string(),
    type: z.string(),
    createdAt: z.string(),
    status: deliveryStatus,
    attempts: z.int(),
    nextAttemptAt: z.string().nullable(),
    deliveredAt: z.string().nullable(),
    /** What the last attempt came to: a status code, or why there was no answer. */
    lastResult: z.string().nullable(),
  })
  .meta({ id: "Delivery" });
export type Delivery = z.infer<typeof delivery>;

export const webhookView = z
  .object({
    id: z.string(),
    name: z.string(),
    /** The URL's host; the rest may be secret. */
    host: z.string(),
    events: z.array(eventType),
    environments: z.array(slug),
    format: webhookFormat,
    paused: z.boolean(),
    /** It answered 410 Gone: nothing is sent until its URL is set again or it is resumed. */
    gone: z.boolean(),
    createdBy: z.string(),
    createdAt: z.string(),
    version: z.int(),
    delivered: z.int(),
    failedAttempts: z.int(),
    pending: z.int(),
    dead: z.int(),
  })
  .meta({ id: "Webhook" });
export type WebhookView = z.infer<typeof webhookView>;
