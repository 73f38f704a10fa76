import { z } from "zod";
import { comment, instant, key, slug } from "./primitives.ts";

/** The canary that drills kill: made by the first one, and seen by nobody but server keys. */
export const CANARY_FLAG = "blastdoor-canary";

/** The id of the actor that drills: what it does to the canary is neither an incident nor an event. */
export const DRILL_ACTOR = "drill";

/**
 * One exercise of the stop button: a real kill of the canary, from the command to the value served by an edge, and a
 * restore. `failed`: it did not get through, or not in time.
 */
export const drillRun = z.strictObject({
  at: instant,
  flag: key,
  outcome: z.enum(["passed", "failed"]),
  /** From sending the kill to the edge serving the kill variant (ms). */
  killMs: z.number().nullable(),
  /** The same of the restore. */
  restoreMs: z.number().nullable(),
  /** The data centre that measured. */
  colo: z.string().max(20),
  problem: z.string().max(300).optional(),
});
export type DrillRun = z.infer<typeof drillRun>;

export const drillBody = z
  .strictObject({
    /** Hours between drills. */
    everyHours: z.int().min(1).max(168).default(24),
    comment: comment.default(""),
  })
  .meta({ id: "DrillWrite" });

export const drillView = z
  .object({
    environment: slug,
    /** Null: drills are made by hand only. */
    everyHours: z.int().nullable(),
    nextAt: z.string().nullable(),
    /** The latest first. */
    runs: z.array(drillRun),
  })
  .meta({ id: "Drill", description: "How the stop button fared when it was tried" });
export type DrillView = z.infer<typeof drillView>;
