import type { ServedReport } from "../../../shared/schema/propagation.ts";
import { CACHE_PATIENCE_MS, type EdgeSources, patiently } from "./edge-sources.ts";
import type { ProjectState, ServedFirst } from "./project-memory.ts";

/** Unreported firsts that are kept; older ones go. */
const MAX_NEWS = 20;
/** Answers from old knowledge alone are reported this often (ms) at most. */
const STALE_EVERY_MS = 300_000;

/** A report, and what puts it back when it could not be delivered. */
export interface PendingReport {
  /** Undefined: there is nothing to say. */
  readonly report: (Omit<ServedReport, "served"> & { readonly served: readonly ServedFirst[] }) | undefined;
  restoreReport(claimed: readonly ServedFirst[]): void;
}

/** Notes revisions that were first served here, for the next report. */
export function noteServed(state: ProjectState, ...news: readonly ServedFirst[]): void {
  state.news = [...state.news, ...news].slice(-MAX_NEWS);
}

/**
 * Takes what has not been reported yet of what this isolate served.
 *
 * @param cacheWorks whether the data centre's cache keeps things; null: not known
 */
export function takePendingReport(
  state: ProjectState,
  colo: string | null,
  cacheWorks: boolean | null,
  now: number,
): PendingReport {
  const { staleServed, staleToldAt, cacheTold } = state;
  const isStaleDue = staleServed > 0 && Math.abs(now - staleToldAt) >= STALE_EVERY_MS;
  // A data centre that is none would be kept: what is to be told waits for its name.
  if (colo === null || (state.news.length === 0 && cacheTold === cacheWorks && !isStaleDue))
    return { report: undefined, restoreReport: () => {} };
  const news = state.news.splice(0);
  state.staleServed = 0;
  if (staleServed > 0) state.staleToldAt = now;
  state.cacheTold = cacheWorks;
  const cache = cacheWorks === null || cacheWorks === cacheTold ? {} : { cacheWorks };
  return {
    report: { colo, served: news, staleServed, ...cache },
    restoreReport: (claimed) => {
      noteServed(state, ...claimed);
      state.staleServed += staleServed;
      state.staleToldAt = staleToldAt;
      state.cacheTold = cacheTold;
    },
  };
}

/** Reports what this isolate served before others of its data centre did. Never rejects. */
export async function reportServed(
  state: ProjectState,
  sources: EdgeSources,
  cacheWorks: boolean | null,
): Promise<void> {
  const { report, restoreReport } = takePendingReport(state, sources.colo(), cacheWorks, sources.now());
  if (report === undefined) return;
  const offset = state.clockOffset ?? 0;
  let firsts = report.served;
  try {
    const isFirst = await Promise.all(firsts.map((one) => one.claimed ?? isFirstHere(state, one, sources)));
    firsts = firsts.filter((_, index) => isFirst[index]).map((one) => ({ ...one, claimed: true }));
    if (firsts.length === 0 && report.staleServed === 0 && report.cacheWorks === undefined) return;
    const served = firsts.map(({ claimed: _, ...one }) => ({ ...one, at: one.at + offset }));
    await sources.sendReport(state.project, { ...report, served });
  } catch (error) {
    restoreReport(firsts);
    sources.report({ event: "report-not-sent", project: state.project, error: String(error) });
  }
}

/** One report a data centre and version: the first isolate says in the cache that it reports. */
async function isFirstHere(state: ProjectState, one: ServedFirst, sources: EdgeSources): Promise<boolean> {
  const { environment, lane, epoch = 1, revision } = one;
  const claiming = sources.claimReport(state.project, environment, `${lane}-${epoch}-${revision}`);
  return (await patiently(sources, CACHE_PATIENCE_MS, claiming)) ?? true;
}
