import { expect, test } from "vitest";
import { STORING_PER_KEY, STORING_PER_NETWORK } from "../../../shared/limits.ts";
import type { SnapshotKey } from "../../../shared/schema/snapshot.ts";
import { KeyRates, Rates, StoringRates } from "./rate-limit.ts";

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

test("a refused request is told the whole seconds after which one request passes", () => {
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

test("many keys push no busy key's count out: full buckets go first, then the one idle for longest", () => {
  const most = 100;
  const rates = new KeyRates(most);
  const limit = { perSecond: 0.1, burst: 2 };
  expect(rates.take(key("busy", limit), 0)).toBe(0);
  expect(rates.take(key("busy", limit), 0)).toBe(0);
  let passed = 0;
  for (let n = 0; n < 10 * most; n++) {
    rates.take(key(`other-${n}`, limit), n);
    if (rates.take(key("busy", limit), n) === 0) passed++;
  }
  expect(passed).toBe(0);
});

test("buckets stay as few as they may be, whatever comes", () => {
  const rates = new Rates(50);
  for (let n = 0; n < 1_000; n++) rates.take(`network ${n}`, { perSecond: 1, burst: 1 + (n % 3) }, n);
  expect(rates.size).toBeLessThanOrEqual(50);
});

test("storing routes are bounded for one network, and for the key over all networks", () => {
  const rates = new StoringRates();
  const passed = (network: string | null, tries: number) => {
    let count = 0;
    for (let n = 0; n < tries; n++) if (rates.take("k", network, 0) === 0) count++;
    return count;
  };
  expect(passed("192.0.2", 10_000)).toBe(STORING_PER_NETWORK.burst);
  expect(passed("198.51.100", 10)).toBe(10);
  let others = 0;
  for (let n = 0; n < 10_000; n++) others += passed(`network ${n}`, 1);
  expect(others).toBe(STORING_PER_KEY.burst - STORING_PER_NETWORK.burst - 10);
  expect(rates.take("another", "192.0.2", 0)).toBe(0);
});
