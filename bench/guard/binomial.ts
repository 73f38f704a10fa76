import { logGamma } from "../../shared/guard/statistics/gamma.ts";

/** P(X ≤ k) of n trials. */
function atMost(k: number, n: number, p: number): number {
  let sum = 0;
  for (let x = 0; x <= k; x++) {
    const ways = logGamma(n + 1) - logGamma(x + 1) - logGamma(n - x + 1);
    sum += Math.exp(ways + x * Math.log(p) + (n - x) * Math.log1p(-p));
  }
  return sum;
}

/** One-sided upper bound for a share (Clopper & Pearson 1934, Biometrika 26), by halving. */
export function upperBound(k: number, n: number, confidence = 0.95): number {
  let [low, high] = [k / n, 1];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (atMost(k, n, middle) > 1 - confidence) low = middle;
    else high = middle;
  }
  return high;
}
