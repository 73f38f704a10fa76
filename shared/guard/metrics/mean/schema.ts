import { z } from "zod";
import { count, type Direction, direction, metricFields } from "../fields.ts";

/**
 * A unit's value is the sum of `value` over its first `outcomes` events, brought within [min, max]. It counts once
 * its window has closed: of every exposed unit (0 when it sent nothing), or only of those that sent one.
 */
export const settings = z
  .strictObject({
    ...metricFields,
    kind: z.literal("mean"),
    direction,
    of: z.enum(["exposed", "reporting"]).default("exposed"),
    min: z.number(),
    max: z.number(),
  })
  .refine(({ min, max }) => min < max, { message: "min must be below max", path: ["max"] })
  .refine(({ min, tolerance }) => min >= 0 || tolerance === 0, {
    message: "a relative tolerance means nothing for values below 0: leave it out, or use a min of 0 or more",
    path: ["tolerance"],
  });
export type Settings = z.infer<typeof settings>;

/** Of `units` whose window has closed. */
export const totals = z.object({
  kind: z.literal("mean"),
  units: count,
  sum: z.number(),
  sumSquares: z.number().min(0),
});
export type Totals = z.infer<typeof totals>;

/** Which way it gets worse. */
export const worse = (metric: Settings): Direction => metric.direction;

/** Whether any event feeds it, unless it names one. */
export const takesAnyEvent = false;
