import type { MetricWords } from "../metric-words.ts";

export const words: MetricWords = {
  name: "Silence",
  watches: "more people are never heard of again",
  happened: "never reported",
  offer: {
    label: "Silence",
    hint: "more people are never heard of again",
    metric: "silent",
    isGoal: false,
    settings: { afterSeconds: 60 },
  },
  harm: { today: 2, harmed: 6, worse: "more" },
};
