import type { MetricWords } from "../metric-words.ts";

export const words: MetricWords = {
  name: "Missing outcomes",
  watches: "more users never report an outcome",
  happened: "never reported",
  offer: {
    label: "Missing outcomes",
    hint: "more users never report an outcome",
    metric: "silent",
    isGoal: false,
    settings: { afterSeconds: 60 },
  },
  harm: { today: 2, harmed: 6, worse: "more" },
};
