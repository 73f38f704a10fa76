import { z } from "zod";
import { slug } from "./primitives.ts";

/** What an edge tells the store along with its next look-up: since when it serves which revision. */
export const servedReport = z.object({
  colo: z.string().min(1).max(20),
  served: z
    .array(z.object({ environment: slug, lane: z.enum(["kill", "config"]), revision: z.int().min(0), at: z.number() }))
    .max(50),
});
export type ServedReport = z.infer<typeof servedReport>;

/** How one change reached the edges. Times are the store's clock; `afterMs` counts from the commit. */
export const propagation = z
  .object({
    revision: z.int(),
    action: z.string(),
    committedAt: z.string(),
    publishedAt: z.string().nullable(),
    publishedAfterMs: z.number().nullable(),
    firstServed: z.array(z.object({ colo: z.string(), at: z.string(), afterMs: z.number() })),
  })
  .meta({ id: "Propagation" });
export type Propagation = z.infer<typeof propagation>;
