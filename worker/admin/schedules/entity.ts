import { z } from "zod";
import { actor, roleCovers } from "../../../shared/schema/admin.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { scheduleFields } from "../../../shared/schema/schedule.ts";
import { type DocumentChange, defineEntity, type ProjectFacts, type Right } from "../kernel/define-entity.ts";
import { changingFlag, flagsNamed, influencing } from "../kernel/flag-rights.ts";

/** A hash of each field's value: see changed-since.ts. */
const fieldMarks = z.record(z.string(), z.string());

const schema = z.strictObject({
  ...scheduleFields,
  /** Hidden flags that it was said to be meant that a public one tells of. */
  acknowledgedFlags: z.array(key).optional(),
  /** Of schedules stored before those were: whatever is exposed is meant. */
  acknowledgeExposure: z.boolean().optional(),
  /** What the patched fields of the state were when it was made. Missing: it was stored before that was asked for. */
  seen: fieldMarks.optional(),
  /** What they were once it was applied. */
  left: fieldMarks.optional(),
  /** Who made it, with their role in its environment: by that one it is applied. */
  by: actor,
  /** What admitted it: the rights of the changes that it makes. Missing: it was stored before those were asked for. */
  rights: z.literal(1).optional(),
});

export const scheduleEntity = {
  /** A future change of a flag's state, and afterwards what became of it. */
  schedule: defineEntity({
    schema,
    scope: "environment",
    whenDeleted: "removed",
    limit: "schedulesPerProject",
    rights,
  }),
};

/** What the patch itself needs is asked when the schedule is made, and again when it is applied: see decide.ts. */
function rights({ environment, before, after }: DocumentChange<z.infer<typeof schema>>, facts: ProjectFacts): Right[] {
  const needed = flagsNamed(before, after).flatMap((flag) =>
    changingFlag(facts, flag, `the schedules in ${environment}`, "schedules"),
  );
  const cancelsAnEngineers = before !== null && roleCovers(before.by.role, "engineer");
  return cancelsAnEngineers ? [...needed, ...influencing(facts, environment, before.flag)] : needed;
}
