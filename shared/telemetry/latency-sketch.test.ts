import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockOf } from "../schema/series.ts";
import {
  binOf,
  countOf,
  countOver,
  edgeOf,
  type LatencySketch,
  MAX_LATENCY_MS,
  mergeSketches,
  quantileBin,
  thresholdBin,
} from "./latency-sketch.ts";

const latencies = fc.array(fc.double({ min: 0, max: 2 * MAX_LATENCY_MS, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});
const sketchOf = (values: number[]): LatencySketch => mergeSketches(...values.map((ms) => new Map([[binOf(ms), 1]])));

describe("latency sketch", () => {
  test("a latency lies at or under its bin's edge and over the one before", () => {
    fc.assert(
      fc.property(fc.double({ min: 1.001, max: MAX_LATENCY_MS, noNaN: true }), (ms) => {
        const bin = binOf(ms);
        expect(ms).toBeLessThanOrEqual(edgeOf(bin) * (1 + 1e-9));
        expect(ms).toBeGreaterThan(edgeOf(bin - 1) * (1 - 1e-9));
      }),
    );
  });

  test("an edge lies in its own bin: thresholds on edges are exact", () => {
    for (let bin = 0; bin <= binOf(MAX_LATENCY_MS) - 1; bin++) expect(binOf(edgeOf(bin))).toBe(bin);
  });

  test("merged sketches equal the sketch of everything", () => {
    fc.assert(
      fc.property(latencies, latencies, (a, b) => {
        const merged = mergeSketches(sketchOf(a), sketchOf(b));
        expect(new Map(merged)).toEqual(new Map(sketchOf([...a, ...b])));
        expect(countOf(merged)).toBe(a.length + b.length);
      }),
    );
  });

  test("a quantile is at most one bin above the true one", () => {
    fc.assert(
      fc.property(latencies, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (values, quantile) => {
        const sorted = [...values].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(quantile * values.length)) - 1] as number;
        expect(quantileBin(sketchOf(values), quantile)).toBe(binOf(exact));
      }),
    );
  });

  test("units over the threshold are those over it, counted one by one", () => {
    fc.assert(
      fc.property(latencies, latencies, (control, values) => {
        const threshold = thresholdBin(sketchOf(control), 0.95, 1.2) as number;
        const over = values.filter((ms) => binOf(ms) > threshold).length;
        expect(countOver(sketchOf(values), threshold)).toBe(over);
      }),
    );
  });

  test("an empty sketch has no quantile and no threshold", () => {
    expect(quantileBin(new Map(), 0.95)).toBeNull();
    expect(thresholdBin(new Map(), 0.95, 1.2)).toBeNull();
  });
});

describe("blocks of time", () => {
  test("follow each other without gap: two of the first length, then doubling, an hour at most", () => {
    const starts: number[] = [];
    for (let second = 0, last = -1; second < 4 * 3_600; second++) {
      const block = blockOf(second * 1_000, 10);
      if (block === last) continue;
      expect(block).toBe(last + 1);
      starts.push(second);
      last = block;
    }
    expect(starts).toEqual([0, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 5_120, 8_720, 12_320]);
  });

  test("a week has few enough to look at all of them every second", () => {
    expect(blockOf(7 * 86_400_000, 10)).toBeLessThan(180);
  });

  test("what happened before the start is of the first block", () => {
    expect(blockOf(-5, 10)).toBe(0);
  });
});
