import type { ServedReport } from "../../../shared/schema/propagation.ts";
import type { ProjectState } from "./project-memory.ts";

/** Unreported firsts that are kept; older ones go. */
const MAX_NEWS = 20;

/** A report to the store, and what puts it back when the store could not be told. */
export interface PendingReport {
  /** Undefined: there is nothing to say. */
  readonly report: ServedReport | undefined;
  restoreReport(): void;
}

/** Notes revisions that were first served here, for the next report. */
export function noteServed(state: ProjectState, ...news: ServedReport["served"]): void {
  state.news = [...state.news, ...news].slice(-MAX_NEWS);
}

/**
 * Takes what the store has not been told yet of what this isolate served.
 *
 * @param cacheWorks whether the data centre's cache keeps things; null: not known
 */
export function takePendingReport(state: ProjectState, colo: string | null, cacheWorks: boolean | null): PendingReport {
  // The store would keep a data centre that is none: what is to be told waits for its name.
  if (colo === null) return { report: undefined, restoreReport: () => {} };
  const { staleServed, cacheTold } = state;
  const news = state.news.splice(0);
  state.staleServed = 0;
  state.cacheTold = cacheWorks;
  const restoreReport = () => {
    noteServed(state, ...news);
    state.staleServed += staleServed;
    state.cacheTold = cacheTold;
  };
  if (news.length === 0 && staleServed === 0 && cacheTold === cacheWorks) return { report: undefined, restoreReport };
  const offset = state.clockOffset ?? 0;
  const served = news.map((one) => ({ ...one, at: one.at + offset }));
  const cache = cacheWorks === null || cacheWorks === cacheTold ? {} : { cacheWorks };
  return { report: { colo, served, staleServed, ...cache }, restoreReport };
}
