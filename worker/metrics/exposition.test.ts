import { expect, test } from "vitest";
import { exposition, histogram } from "./exposition.ts";

test("the text format: help, type, escaped labels, and no metric without samples", () => {
  const text = exposition([
    {
      name: "a_total",
      help: "Said\nso",
      type: "counter",
      samples: [{ value: 1 }, { labels: { x: 'a"\\\n' }, value: 2.5 }],
    },
    { name: "b", help: "Nothing", type: "gauge", samples: [] },
  ]);
  expect(text).toBe('# HELP a_total Said\\nso\n# TYPE a_total counter\na_total 1\na_total{x="a\\"\\\\\\n"} 2.5\n');
});

test("a histogram's buckets are cumulative and end in the count", () => {
  expect(histogram({ p: "x" }, [1, 5], [3, 0, 2], 12)).toEqual([
    { suffix: "_bucket", labels: { p: "x", le: "1" }, value: 3 },
    { suffix: "_bucket", labels: { p: "x", le: "5" }, value: 3 },
    { suffix: "_bucket", labels: { p: "x", le: "+Inf" }, value: 5 },
    { suffix: "_sum", labels: { p: "x" }, value: 12 },
    { suffix: "_count", labels: { p: "x" }, value: 5 },
  ]);
});
