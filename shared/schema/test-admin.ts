import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { darkStage, testFields, testSettings } from "./demand-test.ts";
import { comment, key, slug } from "./primitives.ts";

export const testWrite = z
  .strictObject({
    settings: testSettings,
    description: z.string().max(LIMITS.descriptionChars).optional(),
    comment: comment.optional(),
  })
  .meta({ id: "TestWrite" });
export const testStageWrite = z
  .strictObject({ stage: darkStage, comment: comment.default("") })
  .meta({ id: "TestStageWrite" });
export const testActionWrite = z.strictObject({ comment: comment.default("") }).meta({ id: "TestActionWrite" });

export const testView = z
  .object({
    flag: key,
    environment: slug,
    ...testFields,
    version: z.int(),
    revision: z.int(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: "Test", description: "A fake door, dark launch or Wizard of Oz" });
export type TestView = z.infer<typeof testView>;
