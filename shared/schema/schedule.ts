import { z } from "zod";
import { comment, instant, json, key, slug } from "./primitives.ts";

/** An instant, or a wall-clock time of a named zone: see zoned-time.ts for days on which clocks change. */
export const scheduleTime = z
  .union(
    [
      instant,
      z.strictObject({
        local: z
          .string()
          .max(19)
          .meta({ examples: ["2027-01-05T09:00"] }),
        timeZone: z
          .string()
          .max(64)
          .meta({ examples: ["Europe/Berlin"] }),
      }),
    ],
    {
      error:
        'use an instant such as "2027-01-05T08:00:00Z", or {"local": "2027-01-05T09:00", "timeZone": "Europe/Berlin"}',
    },
  )
  .meta({ id: "ScheduleTime" });
export type ScheduleTime = z.infer<typeof scheduleTime>;

export const statePatch = z.record(z.string(), json);

export const scheduleBody = z
  .strictObject({
    at: scheduleTime,
    /** JSON merge patch of the state, made when the time comes, on the state as it then stands. */
    patch: statePatch,
    comment: comment.default(""),
    /** Also over what somebody changes of the patched fields until then. Otherwise the schedule fails and says so. */
    applyAnyway: z.boolean().default(false),
  })
  .meta({ id: "ScheduleWrite" });

/**
 * `pending`: waits for its time. `applied`: done, as the revision it names. `failed`: no longer fitted when its time
 * came, or would have undone what somebody changed since, and changed nothing. `cancelled`: taken back before its time.
 */
export const SCHEDULE_STATUSES = ["pending", "applied", "failed", "cancelled"] as const;
export const scheduleStatus = z.enum(SCHEDULE_STATUSES);

/** What a schedule and its answer share. */
export const scheduleFields = {
  flag: key,
  /** When, in UTC. Fixed when the schedule is made, also if a zone's law changes afterwards. */
  at: instant,
  /** As asked for, when it was a wall-clock time. */
  local: z.string().optional(),
  timeZone: z.string().optional(),
  /** `gap`: no clock shows that time that day, it was moved on; `overlap`: clocks show it twice, the first counts. */
  resolution: z.enum(["exact", "gap", "overlap"]).optional(),
  patch: statePatch,
  /** It also replaces what somebody changed after it was made. */
  applyAnyway: z.boolean().optional(),
  comment: z.string(),
  status: scheduleStatus,
  /** When it was applied, failed or was cancelled. */
  finishedAt: instant.optional(),
  /** The project revision that applied it. */
  appliedRevision: z.int().optional(),
  /** Why it failed: a problem's code, and words. */
  problem: z.strictObject({ code: z.string(), message: z.string() }).optional(),
};

export const scheduleView = z
  .object({
    id: z.string(),
    environment: slug,
    ...scheduleFields,
    by: z.string(),
    createdAt: z.string(),
    version: z.int(),
  })
  .meta({ id: "Schedule", description: "A future change of a flag's state" });
export type ScheduleView = z.infer<typeof scheduleView>;
