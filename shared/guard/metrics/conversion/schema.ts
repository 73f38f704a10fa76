import { z } from "zod";
import { count, type Direction, metricFields } from "../fields.ts";

/** A unit converts when one event of the metric (not `ok: false`) falls into its window. */
export const settings = z.strictObject({ ...metricFields, kind: z.literal("conversion") });
export type Settings = z.infer<typeof settings>;

/** `units` were exposed, `conversions` of them converted; counted at once, never taken back. */
export const totals = z.object({ kind: z.literal("conversion"), units: count, conversions: count });
export type Totals = z.infer<typeof totals>;

/** Which way it gets worse. */
export const worse = (): Direction => "down-is-bad";

/** Whether any event feeds it, unless it names one. */
export const takesAnyEvent = false;
