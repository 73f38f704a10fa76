import { z } from "zod";
import { count, type Direction, metricFields } from "../fields.ts";

/**
 * A unit's latency is the greatest `latencyMs` of its first `outcomes` events; it is slow when that lies over
 * `factor` × the control's `quantile`, measured in earlier blocks of time and frozen for the unit's own block.
 */
export const settings = z.strictObject({
  ...metricFields,
  kind: z.literal("slow"),
  factor: z.number().min(1).max(100).default(1.2),
  quantile: z.number().gt(0).lt(1).default(0.95),
  /** Length of the first two blocks; the next ones double up to an hour (`blockOf`). */
  blockSeconds: z.int().min(1).max(3_600).default(10),
});
export type Settings = z.infer<typeof settings>;

/**
 * By the block of time of the units' first exposures: `bins` is a latency sketch (`latency-sketch.ts`). A unit moves
 * to a later bin when a later event of its first ones is slower, so the count over any edge never falls.
 */
export const totals = z.object({
  kind: z.literal("slow"),
  units: count,
  blocks: z.array(z.object({ block: count, units: count, bins: z.array(z.tuple([count, count])) })),
});
export type Totals = z.infer<typeof totals>;

/** Which way it gets worse. */
export const worse = (): Direction => "up-is-bad";

/** Whether any event feeds it, unless it names one. */
export const takesAnyEvent = false;
