import { silentEvents } from "../guard/silent-events.ts";
import { ENOUGH_UNITS } from "../guard/verdict.ts";
import { ownOf } from "../own.ts";
import type { GuardTile, StageHold } from "../schema/guard.ts";
import type { Series } from "../schema/series.ts";

/** What is known of a stage by its counts. */
export interface StageCounts {
  series: Pick<Series, "arms" | "metrics">;
  /** Units that must be exposed in the arm with the fewest. */
  minimumUnits: number;
  /** Exposed units, by arm. */
  exposed: Readonly<Record<string, number>>;
  /** Units that sent an event for a metric, by its name, over all arms. */
  reported: Readonly<Record<string, number>>;
  tiles: readonly Pick<GuardTile, "metric" | "units" | "health">[];
}

/**
 * What keeps a stage from going on by itself, as far as counts tell; empty: it may go on. A metric that receives
 * nothing holds the stage, since guards that see nothing find no harm either.
 */
export function stageHolds({ series, minimumUnits, exposed, reported, tiles }: StageCounts): StageHold[] {
  const holds: StageHold[] = [];
  const fewest = Math.min(...series.arms.map(({ variant }) => ownOf(exposed, variant) ?? 0));
  if (fewest < minimumUnits) holds.push({ for: "units", units: fewest, atLeast: minimumUnits });
  const silent = silentEvents(series, reported);
  holds.push(...silent.map((one) => ({ for: "event", ...one }) as const));
  const heard = tiles.filter(({ metric }) => !silent.some(({ metrics }) => metrics.includes(metric)));
  for (const { metric, units, health } of heard) {
    const least = units.control === null ? 1 : ENOUGH_UNITS;
    const counted = Math.min(units.treatment, units.control ?? units.treatment);
    if (health === "breached") holds.push({ for: "regression", metric });
    else if (counted < least) holds.push({ for: "outcomes", metric, units: counted, atLeast: least });
  }
  return holds;
}
