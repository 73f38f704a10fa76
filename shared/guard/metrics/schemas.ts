import * as conversion from "./conversion/schema.ts";
import * as error from "./error/schema.ts";
import * as mean from "./mean/schema.ts";
import * as missing from "./missing/schema.ts";
import * as slow from "./slow/schema.ts";

/** What every metric is set up with and counts, in the order of the API's document. */
export const METRIC_SCHEMAS = { error, slow, conversion, missing, mean };

/** The same as unions take them. */
export const METRIC_SETTINGS = [
  error.settings,
  slow.settings,
  conversion.settings,
  missing.settings,
  mean.settings,
] as const;
export const METRIC_TOTALS = [error.totals, slow.totals, conversion.totals, missing.totals, mean.totals] as const;
