import type { MetricWords } from "../metric-words.ts";

export const words: MetricWords = {
  name: "Latency",
  watches: "more users wait for slow answers",
  happened: "were slow",
  offer: {
    label: "Slower",
    hint: "more people wait long",
    metric: "slow",
    isGoal: false,
    settings: { factor: 1.2, quantile: 0.95, blockSeconds: 10 },
  },
  harm: { today: 3, harmed: 5, worse: "more" },
};
