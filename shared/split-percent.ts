import { SPLIT_TOTAL } from "./limits.ts";

/** Parts of SPLIT_TOTAL, as messages of the API write them. */
export const splitPercent = (parts: number): string => `${(parts * 100) / SPLIT_TOTAL} %`;
