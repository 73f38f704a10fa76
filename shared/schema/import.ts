import { z } from "zod";
import { changesReply } from "./admin.ts";

const told = z.object({
  key: z.string(),
  status: z.enum(["exact", "approximate", "refused"]),
  /** The flag here is not what an import left, so it is left as it is. */
  conflict: z.literal(true).optional(),
  reasons: z.array(z.object({ path: z.string(), message: z.string() })),
});

/** What became of another vendor's file. */
export const importReport = z.object({
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
});
type ImportReport = z.infer<typeof importReport>;

/** What an import changed, or would change; of another vendor's file with the report. */
export const importReply = changesReply.extend(importReport.partial().shape).meta({ id: "ImportReply" });
export type VendorImportReply = z.infer<typeof changesReply> & ImportReport;
