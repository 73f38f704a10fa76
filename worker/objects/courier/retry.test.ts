import { expect, test } from "vitest";
import { type Answer, judge, RETRY_AFTER_MS, resultWords } from "./retry.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const status = (code: number, retryAfterMs: number | null = null): Answer => ({ status: code, retryAfterMs });

test("only 2xx counts as received: not a redirect, not an error, not silence", () => {
  for (const code of [200, 202, 204]) expect(judge(status(code), 1, NOW, 0).verdict).toBe("delivered");
  for (const code of [301, 302, 307, 400, 404, 429, 500, 503])
    expect(judge(status(code), 1, NOW, 0)).toEqual({ verdict: "retry", at: NOW + 5_000 });
  expect(judge({ error: "no connection" }, 1, NOW, 0)).toEqual({ verdict: "retry", at: NOW + 5_000 });
  expect(resultWords(status(302))).toBe("302: redirects are not followed");
});

test("each wait is longer than the one before, over about three days, and then it is given up", () => {
  const waits = RETRY_AFTER_MS.map((_, index) => {
    const verdict = judge(status(500), index + 1, NOW, 0);
    return verdict.verdict === "retry" ? verdict.at - NOW : 0;
  });
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits[0]).toBe(5_000);
  const total = waits.reduce((sum, wait) => sum + wait, 0);
  expect(total).toBeGreaterThan(3 * 86_400_000);
  expect(total).toBeLessThan(3.5 * 86_400_000);
  expect(judge(status(500), RETRY_AFTER_MS.length + 1, NOW, 0)).toEqual({ verdict: "dead" });
});

test("410 is never", () => {
  expect(judge(status(410), 1, NOW, 0)).toEqual({ verdict: "gone" });
});

test("Retry-After may lengthen a wait, up to a day, never shorten it", () => {
  const at = (retryAfterMs: number) => {
    const verdict = judge(status(429, retryAfterMs), 1, NOW, 0);
    return verdict.verdict === "retry" && verdict.at - NOW;
  };
  expect(at(60_000)).toBe(60_000);
  expect(at(1_000)).toBe(5_000);
  expect(at(1e12)).toBe(86_400_000);
});

test("jitter adds at most a tenth", () => {
  expect(judge(status(500), 1, NOW, 1)).toEqual({ verdict: "retry", at: NOW + 5_500 });
});
