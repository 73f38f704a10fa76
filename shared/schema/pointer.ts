import { z } from "zod";
import { slugName } from "./names.ts";
import { slug } from "./primitives.ts";
import { kill } from "./snapshot.ts";

/**
 * "bounded": a request whose edge knows nothing young enough waits for it, so that a kill is in force within two seconds.
 * "stale-while-revalidate": it is answered at once with what is known, if that is at most a minute old, and a newer state
 * is fetched behind it.
 */
export const freshness = z.enum(["bounded", "stale-while-revalidate"]);

/**
 * The small document that edges re-read all the time: which snapshot is current, and which kills are in force. Its
 * format is frozen: readers of any age must understand a kill.
 */
export const pointer = z.object({
  project: slugName,
  /** Rises only when the store is rebuilt from a backup. */
  epoch: z.int().min(1),
  /** The project's latest committed revision, published or not. */
  revision: z.int().min(0),
  environments: z.record(
    slug,
    z.object({
      /** Revision and SHA-256 of the published snapshot. */
      revision: z.int().min(0),
      hash: z.string().length(64),
      kills: z.array(kill),
      /** Ids of break-glass kills that have been restored since: KV may go on showing them for a while. */
      tombstones: z.array(z.string()).default([]),
      /** How old what edges answer with may be; left out: "bounded". Readers that do not know it keep that bound. */
      freshness: freshness.optional(),
    }),
  ),
  /** When the store answered (epoch ms): age counts from here, through every cache. */
  asOf: z.number(),
});
export type Pointer = z.infer<typeof pointer>;

/**
 * Kills written straight to KV while the store could not be reached, one document a project. Edges unite them with
 * the pointer's, minus its tombstones.
 */
export const breakGlass = z.object({ environments: z.record(slug, z.array(kill)) });
export type BreakGlass = z.infer<typeof breakGlass>;
