import type { CentreServed } from "../../../shared/delivery/first-served.ts";
import type { ServedReport } from "../../../shared/schema/propagation.ts";

/** A data centre as its isolates described it. */
export interface CentreFacts {
  readonly colo: string;
  readonly seenAt: number;
  /** Null: no isolate has found out yet. */
  readonly cacheWorks: boolean | null;
  /** Answers from knowledge older than it may be. */
  readonly staleServed: number;
}

export interface PropagationFigures {
  readonly centres: readonly CentreFacts[];
  readonly served: readonly CentreServed[];
}

/** When the reports cannot be had. */
export const NO_FIGURES: PropagationFigures = { centres: [], served: [] };

/** What a Worker and a store may ask, over JSON. A method stays, and takes and answers what it did. */
export interface PropagationReportsMethods {
  /** Notes a report of an isolate. What cannot be read is skipped. */
  take(project: string, report: ServedReport): void;
  /** Of one environment, or (null) of all; of the time since an instant (epoch ms) alone, when one is given. */
  figures(environment: string | null, since?: number | null): PropagationFigures;
}
