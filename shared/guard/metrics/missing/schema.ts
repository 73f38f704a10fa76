import { z } from "zod";
import { count, type Direction, metricFields } from "../fields.ts";

/**
 * A unit is missing when no event (of `event`; any, when that is not set) has arrived within `afterSeconds` of its
 * exposure's arrival: what a release does that crashes before it reports.
 */
export const settings = z.strictObject({
  ...metricFields,
  kind: z.literal("missing"),
  afterSeconds: z.int().min(1).max(86_400),
});
export type Settings = z.infer<typeof settings>;

/** Of `units` exposed long enough ago, `failures` sent nothing in time. Decided once by arrival, never taken back. */
export const totals = z.object({ kind: z.literal("missing"), units: count, failures: count });
export type Totals = z.infer<typeof totals>;

/** Which way it gets worse. */
export const worse = (): Direction => "up-is-bad";

/** Whether any event feeds it, unless it names one. */
export const takesAnyEvent = true;
