import type { MetricKind } from "../../schema/series.ts";
import { words as conversion } from "./conversion/words.ts";
import { words as error } from "./error/words.ts";
import { words as mean } from "./mean/words.ts";
import type { MetricWords } from "./metric-words.ts";
import { words as missing } from "./missing/words.ts";
import { words as slow } from "./slow/words.ts";

/** In the order of the lists that people read. */
export const METRIC_WORDS: Readonly<Record<MetricKind, MetricWords>> = { error, slow, missing, conversion, mean };
