import { z } from "zod";
import { key } from "../../schema/primitives.ts";

/** The settings that every metric has. */
export const metricFields = {
  /** Its name among the series' metrics. */
  name: key,
  /** The `metric` of the events that feed it; its own name unless set. One event may feed several metrics. */
  event: key.optional(),
  /**
   * Relative change for the worse that is not held against the release: 0.1 tolerates a rate, share or mean 10 % worse
   * than the control's.
   */
  tolerance: z.number().min(0).max(10).default(0),
  /**
   * The greatest share of units that is harmless by itself (of conversions, the least): what a stage without a
   * concurrent control is held to, and where the circuit breaker trips elsewhere.
   */
  budget: z.number().gt(0).lt(1).optional(),
};

/** Which way a metric gets worse. */
export const direction = z.enum(["up-is-bad", "down-is-bad"]);
export type Direction = z.infer<typeof direction>;

export const count = z.int().min(0);
