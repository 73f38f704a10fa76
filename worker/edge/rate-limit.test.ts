import { expect, test } from "vitest";
import type { SnapshotKey } from "../../shared/schema/snapshot.ts";
import { KeyRates } from "./rate-limit.ts";

const key = (id: string, limit?: { perSecond: number; burst: number }): SnapshotKey => ({
  id,
  hash: "0".repeat(64),
  kind: "server",
  origins: [],
  ...(limit ? { limit } : {}),
});

test("a key without a limit asks as often as it likes", () => {
  const rates = new KeyRates();
  for (let n = 0; n < 10_000; n++) expect(rates.take(key("a"), 0)).toBe(0);
});

test("a burst passes, then the rate: over any stretch of time, no more than burst and rate together", () => {
  const rates = new KeyRates();
  const limited = key("a", { perSecond: 10, burst: 20 });
  const passed = (until: number) => {
    let count = 0;
    for (let now = 0; now < until; now += 10) if (rates.take(limited, now) === 0) count++;
    return count;
  };
  const inTenSeconds = passed(10_000);
  expect(inTenSeconds).toBeGreaterThanOrEqual(20 + 99);
  expect(inTenSeconds).toBeLessThanOrEqual(20 + 100);
});

test("whoever is refused is told the whole seconds after which one request passes", () => {
  const rates = new KeyRates();
  const slow = key("a", { perSecond: 0.25, burst: 1 });
  expect(rates.take(slow, 0)).toBe(0);
  expect(rates.take(slow, 0)).toBe(4);
  expect(rates.take(slow, 3_000)).toBe(1);
  expect(rates.take(slow, 4_000)).toBe(0);
});

test("keys do not share their rates, and a clock set back gives nothing away and locks nobody out", () => {
  const rates = new KeyRates();
  const limit = { perSecond: 1, burst: 1 };
  expect(rates.take(key("a", limit), 10_000)).toBe(0);
  expect(rates.take(key("b", limit), 10_000)).toBe(0);
  expect(rates.take(key("a", limit), 5_000)).toBe(1);
  expect(rates.take(key("a", limit), 6_000)).toBe(0);
});
