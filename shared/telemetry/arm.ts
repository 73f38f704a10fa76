import type { Series } from "../schema/series.ts";

/** What an exposure says of itself. */
export interface Shown {
  variant?: string | null | undefined;
  rule?: string | null | undefined;
}

/**
 * Index of the arm that an exposure belongs to; null when it says nothing about the series' split: another rule served
 * it, or its variant is not what the split gives this unit.
 *
 * @param bucket of the unit in the flag's split; asked for only where the series knows its ranges
 */
export function armIn(series: Series, { variant, rule }: Shown, bucket: () => number): number | null {
  const arm = series.arms.findIndex((one) => one.variant === variant);
  if (arm < 0) return null;
  if (series.rule !== undefined && rule !== undefined && series.rule !== rule) return null;
  if (!series.ranges) return arm;
  const at = bucket();
  const given = series.ranges.find(({ from, to }) => at >= from && at < to)?.variant;
  return given === variant ? arm : null;
}
