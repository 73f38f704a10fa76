import { ownOf } from "../own.ts";
import type { SilentEvent } from "../schema/guard.ts";
import { eventOf, type Series } from "../schema/series.ts";

/**
 * The events that a series listens for and that none of its units has sent.
 *
 * @param reported units that sent an event for a metric, by its name
 */
export function silentEvents(
  { metrics }: Pick<Series, "metrics">,
  reported: Readonly<Record<string, number>>,
): SilentEvent[] {
  const silent = metrics.filter(({ name }) => (ownOf(reported, name) ?? 0) === 0);
  return [...new Set(silent.map(eventOf))].map((event) => ({
    event,
    metrics: silent.filter((metric) => eventOf(metric) === event).map(({ name }) => name),
  }));
}
