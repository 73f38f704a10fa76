import { z } from "zod";
import { LIMITS, SPLIT_TOTAL } from "../limits.ts";
import { condition, walkCondition } from "./condition.ts";
import { name } from "./primitives.ts";

const listed = z.array(z.string().min(1).max(LIMITS.conditionValueChars)).max(LIMITS.segmentListInSnapshot);

const membership = {
  /** The attribute that the lists hold. */
  by: z.string().min(1).max(200).default("targetingKey"),
  included: listed.default([]),
  excluded: listed.default([]),
  /** Left out: nobody but the listed. */
  when: condition.optional(),
};
const description = z.string().max(LIMITS.descriptionChars).default("");
const by = z.string().min(1).max(200).default("targetingKey");
const seed = z.string().min(1).max(100);
const share = z.int().min(0).max(SPLIT_TOTAL);

/** A group of people: those listed, plus those who meet the condition, minus those excluded. */
export const segment = z
  .strictObject({ name: name.optional(), description, ...membership })
  .superRefine((value, context) => {
    if (!value.when) return;
    walkCondition(value.when, (c) => {
      if ("flag" in c)
        context.addIssue({
          code: "custom",
          path: ["when"],
          message: `a segment cannot depend on a flag ("${c.flag}"); put that condition into the rule`,
        });
    });
  })
  .meta({ id: "Segment" });
export type Segment = z.infer<typeof segment>;

/** The part of a segment that edges need. */
export const snapshotSegment = z.strictObject(membership);
export type SnapshotSegment = z.infer<typeof snapshotSegment>;

/** A range of people that flags divide among themselves: nobody is in two flags of one layer. */
export const layer = z.strictObject({ description, by, seed: seed.optional() }).meta({ id: "Layer" });
export type Layer = z.infer<typeof layer>;
export const snapshotLayer = z.strictObject({ by: z.string(), seed });
export type SnapshotLayer = z.infer<typeof snapshotLayer>;

/** People kept out of every flag that opts in, to measure what all changes together do. */
export const holdout = z
  .strictObject({
    description,
    by,
    seed: seed.optional(),
    /** Held-out parts of SPLIT_TOTAL, counted from part 0. */ share,
  })
  .meta({ id: "Holdout" });
export type Holdout = z.infer<typeof holdout>;
export const snapshotHoldout = z.strictObject({ by: z.string(), seed, share });
export type SnapshotHoldout = z.infer<typeof snapshotHoldout>;
