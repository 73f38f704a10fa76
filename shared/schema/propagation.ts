import { z } from "zod";
import { slug } from "./primitives.ts";

/** What an edge reports: since when it serves which revision, and how it fares. */
export const servedReport = z.object({
  colo: z.string().min(1).max(20),
  served: z
    .array(
      z.object({
        environment: slug,
        lane: z.enum(["kill", "config"]),
        revision: z.int().min(0),
        at: z.number(),
        /** Of the store that counted the revision. Edges of earlier versions do not say. */
        epoch: z.int().min(1).optional(),
      }),
    )
    .max(50),
  /** Answers given with knowledge older than a second since the last report: a refresh was late or failed. */
  staleServed: z.int().min(0).optional(),
  /** Whether the Cache API keeps what is put into it there. */
  cacheWorks: z.boolean().optional(),
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

/** A data centre as its isolates last described it. */
export const centre = z
  .object({
    colo: z.string(),
    seenAt: z.string(),
    cache: z.enum(["works", "does-not-work", "unknown"]),
    staleServed: z.int(),
    /** The weaker bound that holds there; null: the ordinary one. */
    warning: z.string().nullable(),
  })
  .meta({ id: "DataCentre" });
export type Centre = z.infer<typeof centre>;
