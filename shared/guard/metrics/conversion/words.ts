import type { MetricWords } from "../metric-words.ts";

export const words: MetricWords = {
  name: "Conversion",
  watches: "fewer users convert",
  happened: "converted",
  offer: {
    label: "Fewer conversions",
    hint: "fewer users reach the goal",
    metric: "conversions",
    isGoal: true,
    settings: {},
  },
  harm: { today: 5, harmed: 4.5, worse: "fewer" },
};
