import { z } from "zod";
import { count } from "../guard/metrics/fields.ts";
import { METRIC_TOTALS } from "../guard/metrics/schemas.ts";
import { LIMITS } from "../limits.ts";
import { key } from "./primitives.ts";

/** Limits of `POST /v1/events`, with their reasons. */
export const EVENT_LIMITS = {
  /** Events in a batch: parsed, hashed and stored without holding other requests up. */
  perBatch: 500,
  /** Bytes of a batch: what browsers let a beacon carry is a quarter of it. */
  bodyBytes: 256 * 1024,
  /** How far (ms) a sender's clock may be off, and how late an event may arrive: ids are remembered that long. */
  skewMs: 24 * 3_600_000,
  /** An event may seem to come from the future by this much (ms): senders without `sentAt` have clocks, too. */
  futureMs: 5 * 60_000,
  /** Attributes of a unit. Each may be another split's unit of analysis. */
  unitAttributes: 8,
  /** Characters of an id, a unit's value and names. UUIDs are 36. */
  textChars: 200,
} as const;

export const EVENT_TYPES = ["exposure", "outcome", "click", "conversion"] as const;
/** Why a unit is told apart instead of counted. */
export const EXCLUSION_MARKS = ["staff", "bot", "preview", "synthetic"] as const;
export type ExclusionMark = (typeof EXCLUSION_MARKS)[number];

const text = z.string().min(1).max(EVENT_LIMITS.textChars);
const time = z.number().min(0).max(8.64e15);

/**
 * One thing that happened to one unit. `unit` holds the attributes that splits bucket by, usually `targetingKey`
 * alone; only keyed hashes of them are kept.
 */
export const telemetryEvent = z
  .strictObject({
    /** Unique per unit; a repeated id counts once. A UUID, as a rule. */
    id: text,
    type: z.enum(EVENT_TYPES),
    unit: z.record(text, z.union([text, z.number(), z.boolean()])),
    /** Epoch ms by the sender's clock. */
    time,
    /** Exposures: which flag. Others: only that flag's series, when given. */
    flag: key.optional(),
    variant: key.nullable().optional(),
    /** The rule that served it, when known: tells the split from rules that target people. */
    rule: key.nullable().optional(),
    /** OpenFeature's reason; only SPLIT belongs to a split. */
    reason: z.string().max(50).optional(),
    /** Outcomes: which metric; the event's type unless given. */
    metric: key.optional(),
    ok: z.boolean().optional(),
    latencyMs: z.number().min(0).optional(),
    value: z.number().optional(),
    /** What the sender knows: these units are told apart and never counted. */
    marks: z.array(z.enum(EXCLUSION_MARKS)).max(EXCLUSION_MARKS.length).optional(),
  })
  .meta({ id: "TelemetryEvent" });
export type TelemetryEvent = z.infer<typeof telemetryEvent>;

/** The body of `POST /v1/events`. Its events are checked one by one: a bad one does not cost the others. */
export const eventBatch = z.strictObject({
  /** The same for every attempt to send this batch. */
  batchId: text,
  /** Epoch ms by the sender's clock, at this attempt: tells how far that clock is off. */
  sentAt: time.optional(),
  /** The environment key, for beacons, which cannot set headers. */
  key: z.string().max(256).optional(),
  /** The signed context of whom the events are about, for client keys that ask for one. */
  signedContext: z.string().max(LIMITS.signedContextChars).optional(),
  events: z.array(z.unknown()).max(EVENT_LIMITS.perBatch),
});
/** The same as senders should write it. */
export const describedBatch = eventBatch
  .extend({ events: z.array(telemetryEvent).max(EVENT_LIMITS.perBatch) })
  .meta({ id: "EventBatch" });

/** Why one event was not taken. */
export const EVENT_REJECTIONS = {
  "invalid-event": "a field is missing or not valid",
  "unknown-flag": "there is no such flag (told to server keys only)",
  "unit-attribute-missing": "the unit lacks the attribute that the flag's split buckets by (told to server keys only)",
  "flag-missing": "an exposure must name its flag",
  "unit-unsigned": "this client key takes these attributes of a unit only when your server has signed them",
  "too-old": "it happened more than 24 hours ago",
  "in-future": "it would happen in the future, or after it was sent",
  "clock-skew": "the sender's clock is more than 24 hours off",
  shed: "left out under overload, by a hash of the unit: do not send it again",
  unavailable: "its part of the store did not answer: send the batch again, it counts once",
} as const;
export type EventRejection = keyof typeof EVENT_REJECTIONS;

/** What `POST /v1/events` answers; the three numbers add up to the events sent. */
export const eventAnswer = z
  .object({
    /** Stored for good. */
    accepted: z.int(),
    /** Known already, by their ids. */
    duplicate: z.int(),
    rejected: z.array(
      z.object({
        index: z.int(),
        code: z.enum(Object.keys(EVENT_REJECTIONS) as [EventRejection, ...EventRejection[]]),
      }),
    ),
  })
  .meta({ id: "EventAnswer" });
export type EventAnswer = z.infer<typeof eventAnswer>;

/** Counts of one metric in one arm: each unit is in it once. What follows from them is the guard's business. */
export const metricTotals = z.discriminatedUnion("kind", METRIC_TOTALS);
export type MetricTotals = z.infer<typeof metricTotals>;

export const armTotals = z.object({
  /** Distinct units with an exposure. */
  exposed: count,
  /** Epoch ms of the first and the latest first exposure; null before. */
  first: z.number().nullable(),
  last: z.number().nullable(),
  metrics: z.record(key, metricTotals),
  /** Exposed units by country or device, and of them those that converted, for series that ask for it. */
  countries: z.record(z.string(), z.object({ exposed: count, conversions: count })).optional(),
  devices: z.record(z.string(), z.object({ exposed: count, conversions: count })).optional(),
});
export type ArmTotals = z.infer<typeof armTotals>;

export const seriesTotals = z
  .object({
    /** What tests may use: by variant, every arm of the series. */
    arms: z.record(key, armTotals),
    /** What client keys reported to a series of source `server`: to be shown and to alert, never to kill. */
    clientArms: z.record(key, armTotals),
    /** Events for its metrics from units without an exposure in it. Never guessed into an arm. */
    unattributed: count,
    /** Events that arrived after a kill of its flag. */
    afterKill: count,
    /** Units told apart. */
    excluded: z.object({ staff: count, bot: count, preview: count, synthetic: count }),
    /** Exposures whose variant is not what the split gives their unit, or that another rule served. */
    mismatched: count,
    /** Units that reported a second variant; they stay in their first arm. */
    conflicting: count,
  })
  .meta({ id: "SeriesTotals" });
export type SeriesTotals = z.infer<typeof seriesTotals>;

/** What a telemetry shard answers. Over shards it adds up (`shared/telemetry/totals.ts`): each unit is in one shard. */
export const totalsAnswer = z.object({
  /** By series id. One that the shard has never met is not in it. */
  series: z.record(z.string(), seriesTotals),
  /** Events left out under overload since the shard exists, by a hash of the unit, so alike in every arm. */
  shed: z.object({ server: count, client: count }),
});
export type TotalsAnswer = z.infer<typeof totalsAnswer>;

/** A series on one day (UTC) of first exposures: units exposed, and of them those that failed or converted since. */
export const dayTotals = z
  .object({
    day: z.string().meta({ examples: ["2026-11-25"] }),
    arms: z.record(key, z.object({ exposed: count, metrics: z.record(key, count) })),
  })
  .meta({ id: "DayTotals" });
export type DayTotals = z.infer<typeof dayTotals>;

const bySource = z.object({ server: z.number(), client: z.number() });

const met = z.object({ exposures: count, units: count });

/** What telemetry tells of itself: of one shard, or added up over all. */
export const telemetryStats = z
  .object({
    /** Events stored, by source and type, such as `server.exposure`. */
    stored: z.record(z.string(), count),
    duplicate: count,
    /** Events left out under overload. */
    shed: bySource,
    /** Share of units that is kept right now; 1: all. */
    keep: bySource,
    series: count,
    databaseBytes: count,
    /**
     * What server keys reported in the last 24 hours, as far as `minutes` reaches; staff, bots, previews and synthetic
     * traffic are not in it. `units` are distinct ones, an estimate within about 6 %; `all` is of all flags together.
     */
    traffic: z.object({
      minutes: z.number(),
      all: met,
      flags: z.record(z.string(), met),
      metrics: z.record(z.string(), z.object({ events: count, judged: count, failed: count })),
    }),
  })
  .meta({ id: "TelemetryStats" });
export type TelemetryStats = z.infer<typeof telemetryStats>;
