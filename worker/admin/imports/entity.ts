import { z } from "zod";
import { defineEntity, only } from "../kernel/define-entity.ts";

const digest = z.string().length(64);

/** Where a flag of an environment came from, and what it was when it came. */
export const originEntity = {
  origin: defineEntity({
    schema: z.strictObject({
      vendor: z.string(),
      /** SHA-256 of the file. */
      file: digest,
      at: z.string(),
      /** SHA-256 of the flag's definition and of its state here, as the import left them. */
      definition: digest,
      state: digest,
    }),
    scope: "environment",
    whenDeleted: "removed",
    rights: only("engineer", "origin", "origins"),
  }),
};
