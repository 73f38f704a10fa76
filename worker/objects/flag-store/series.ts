import { planSeries } from "../../../shared/release/plan.ts";
import type { Series } from "../../../shared/schema/series.ts";
import { guardSeries } from "../guard/guard-watch.ts";
import type { ProjectView } from "./entities.ts";

/** What, if anything, watches a flag in an environment. Pure: of the project's documents alone. */
export type SeriesSource = (view: ProjectView, environment: string, flag: string) => Series | undefined;

/** In order of precedence: a flag has one series at a time, and the first source that names one is heard. */
export const SERIES_SOURCES: readonly SeriesSource[] = [planOf, guardOf];

function planOf(view: ProjectView, environment: string, flag: string): Series | undefined {
  const plan = view.get("plan", environment, flag)?.body;
  const state = plan?.run && view.get("state", environment, flag)?.body;
  return (plan && state && planSeries(plan, state)) ?? undefined;
}

function guardOf(view: ProjectView, environment: string, flag: string): Series | undefined {
  const row = view.get("guard", environment, flag);
  return (row && guardSeries(view, row)) ?? undefined;
}

export function seriesOf(
  view: ProjectView,
  environment: string,
  flag: string,
  sources: readonly SeriesSource[] = SERIES_SOURCES,
): Series | undefined {
  for (const source of sources) {
    const series = source(view, environment, flag);
    if (series) return series;
  }
  return undefined;
}
