import { z } from "zod";
import { drillRun } from "../../../shared/schema/drill.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

/** The key of an environment's only drill. */
export const DRILL = "kill";

export const drillEntity = {
  /** Drills of an environment's stop button. */
  drill: defineEntity({
    schema: z.strictObject({ everyHours: z.int().nullable(), runs: z.array(drillRun) }),
    scope: "environment",
    whenDeleted: "removed",
    rights: only("engineer", "drill of the stop button", "drills"),
  }),
};
