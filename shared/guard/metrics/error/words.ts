import type { MetricWords } from "../metric-words.ts";

export const words: MetricWords = {
  name: "Errors",
  watches: "more users meet an error",
  happened: "failed",
  offer: { label: "More errors", hint: "more users meet an error", metric: "errors", isGoal: false, settings: {} },
  harm: { today: 1, harmed: 5, worse: "more" },
};
