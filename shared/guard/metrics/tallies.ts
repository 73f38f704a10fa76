import type { Metric, MetricKind } from "../../schema/series.ts";
import { tally as conversion } from "./conversion/tally.ts";
import { tally as error } from "./error/tally.ts";
import { tally as mean } from "./mean/tally.ts";
import type { MetricTally } from "./metric-tally.ts";
import { tally as missing } from "./missing/tally.ts";
import { tally as slow } from "./slow/tally.ts";

const TALLIES = { error, slow, conversion, missing, mean } satisfies { [Kind in MetricKind]: unknown };

/** How metrics of a kind are counted. Callers hand in settings and totals of that kind. */
export const tallyOf = (kind: Metric["kind"]): MetricTally => TALLIES[kind] as unknown as MetricTally;
