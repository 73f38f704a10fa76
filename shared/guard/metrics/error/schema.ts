import { z } from "zod";
import { count, type Direction, metricFields } from "../fields.ts";

/** A unit fails when any of its first `outcomes` events has `ok: false`. */
export const settings = z.strictObject({ ...metricFields, kind: z.literal("error") });
export type Settings = z.infer<typeof settings>;

/** `units` sent an event, `failures` of them failed. A unit's failure is counted at once and never taken back. */
export const totals = z.object({ kind: z.literal("error"), units: count, failures: count });
export type Totals = z.infer<typeof totals>;

/** Which way it gets worse. */
export const worse = (): Direction => "up-is-bad";

/** Whether any event feeds it, unless it names one. */
export const takesAnyEvent = false;
