import { z } from "zod";

const told = z.object({
  key: z.string(),
  status: z.enum(["exact", "approximate", "refused"]),
  /** The flag here is not what an import left, so it is left as it is. */
  conflict: z.literal(true).optional(),
  reasons: z.array(z.object({ path: z.string(), message: z.string() })),
});

/** What an import of another vendor's file did, or would do. */
export const importReply = z
  .object({
    revision: z.int(),
    dryRun: z.boolean(),
    from: z.string(),
    /** SHA-256 of the file. */
    file: z.string(),
    flags: z.array(told),
    segments: z.array(told),
    context: z.object({
      provider: z.string(),
      attributes: z.record(z.string(), z.string()),
      notes: z.array(z.string()),
    }),
  })
  .meta({ id: "ImportReport" });
export type ImportReply = z.infer<typeof importReply>;
