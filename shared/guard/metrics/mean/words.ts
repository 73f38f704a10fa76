import type { MetricWords } from "../metric-words.ts";

export const words: MetricWords = {
  name: "Average",
  watches: "the average per person gets worse",
  happened: null,
  offer: null,
  harm: null,
};
