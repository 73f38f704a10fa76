import type { MetricKind } from "../../schema/series.ts";
import { test as conversion } from "./conversion/test.ts";
import { test as error } from "./error/test.ts";
import { test as mean } from "./mean/test.ts";
import type { MetricTest } from "./metric-test.ts";
import { test as missing } from "./missing/test.ts";
import { test as slow } from "./slow/test.ts";

const TESTS = { error, slow, conversion, missing, mean } satisfies { [Kind in MetricKind]: unknown };

/** How metrics of a kind are judged. Callers hand in settings and totals of that kind. */
export const testOf = (kind: MetricKind): MetricTest => TESTS[kind] as unknown as MetricTest;
