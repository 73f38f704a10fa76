import { z } from "zod";
import { LIMITS, SPLIT_TOTAL } from "../limits.ts";
import { condition, walkCondition } from "./condition.ts";
import { comment, name } from "./primitives.ts";

const listed = z.array(z.string().min(1).max(LIMITS.conditionValueChars)).max(LIMITS.segmentListInSnapshot);

/** One key of a long list: what its attribute holds, as text. */
export const listKey = z.string().min(1).max(LIMITS.conditionValueChars);

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

/**
 * A long list as a snapshot names it: where its shards lie and how to hash for them, never the keys. The shard `i`
 * lies in KV under `lists/{project}/{segment}/{shards[i]}/{i}`.
 */
export const snapshotList = z.strictObject({
  /** Of the last change. */
  version: z.string(),
  /** SipHash key, 32 hex digits. */
  key: z.string().length(32),
  /** Number of keys listed. */
  count: z.int().min(0),
  /** Per shard, the version that last changed it; "" when nothing is in it. A power of two of them. */
  shards: z.array(z.string()).min(1),
});
export type SnapshotList = z.infer<typeof snapshotList>;

export const listPatch = z
  .strictObject({
    add: z.array(listKey).max(LIMITS.segmentListPatchKeys).default([]),
    remove: z.array(listKey).max(LIMITS.segmentListPatchKeys).default([]),
    comment: comment.default(""),
  })
  .superRefine(({ add, remove }, context) => {
    const total = add.length + remove.length;
    if (total > LIMITS.segmentListPatchKeys) {
      const message = `at most ${LIMITS.segmentListPatchKeys} keys at once, here ${total}; PUT replaces the whole list`;
      context.addIssue({ code: "custom", path: ["add"], message });
    }
    const removed = new Set(remove);
    const both = add.find((key) => removed.has(key));
    if (both !== undefined)
      context.addIssue({ code: "custom", path: ["remove"], message: `"${both}" stands in both "add" and "remove"` });
  })
  .meta({ id: "ListPatch" });

export const listView = z
  .object({
    segment: z.string(),
    count: z.int(),
    version: z.int(),
    revision: z.int(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: "SegmentList", description: "A segment's long list: how many keys, not which. Only hashes are kept." });
export type ListView = z.infer<typeof listView>;

/** The part of a segment that edges need. */
export const snapshotSegment = z.strictObject({ ...membership, list: snapshotList.optional() });
export type SnapshotSegment = z.infer<typeof snapshotSegment>;

/** A range of people that flags divide among themselves: nobody is in two flags of one layer. */
export const layer = z.strictObject({ description, by, seed: seed.optional() }).meta({ id: "Layer" });
export const snapshotLayer = z.strictObject({ by: z.string(), seed });

/** People kept out of every flag that opts in, to measure what all changes together do. */
export const holdout = z
  .strictObject({
    description,
    by,
    seed: seed.optional(),
    /** Held-out parts of SPLIT_TOTAL, counted from part 0. */ share,
  })
  .meta({ id: "Holdout" });
export const snapshotHoldout = z.strictObject({ by: z.string(), seed, share });
