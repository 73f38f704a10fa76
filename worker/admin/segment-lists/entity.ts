import { z } from "zod";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const listEntity = {
  /** A segment's long list, by the segment's key: what of it is where. The hashes have tables of their own. */
  list: defineEntity({
    schema: z.strictObject({
      /** Public half of the hash key; the other is the project's secret. */
      salt: z.string(),
      version: z.string(),
      count: z.int(),
      shards: z.array(z.string()),
    }),
    scope: "project",
    whenDeleted: "removed",
    limit: "segmentListsPerProject",
    rights: only("engineer", "long list of the segment", "segments"),
  }),
};
