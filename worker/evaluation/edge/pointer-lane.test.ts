import { describe, expect, test } from "vitest";
import {
  BOUND_MS,
  FRESH_MS,
  freshness,
  REFRESH_LEASE_MS,
  refreshAgeOf,
  retryAfter,
  STALE_MS,
  WAIT_OVERDUE_MS,
  WAIT_WARM_MS,
  waitFor,
} from "./pointer-lane.ts";

const draws = Array.from({ length: 10_000 }, (_, index) => index / 10_000);

describe("the age from which an isolate refreshes", () => {
  test("lies between fresh and stale, whatever is drawn", () => {
    expect(refreshAgeOf(0)).toBeCloseTo(FRESH_MS);
    for (const draw of draws) {
      expect(refreshAgeOf(draw)).toBeGreaterThanOrEqual(FRESH_MS - 1e-6);
      expect(refreshAgeOf(draw)).toBeLessThan(STALE_MS);
    }
  });

  test("is late for most, so that the first of a data centre's isolates goes ahead alone", () => {
    const early = draws.filter((draw) => refreshAgeOf(draw) < (FRESH_MS + STALE_MS) / 2).length;
    expect(early / draws.length).toBeLessThan(0.2);
    expect(early / draws.length).toBeGreaterThan(0.1);
  });

  test("decides between answering and refreshing behind the answer; stale is stale for all", () => {
    expect([700, 900, 999, 1_000].map((age) => freshness(age, 900))).toEqual(["fresh", "aging", "aging", "stale"]);
  });
});

test("what is older than the bound is worth a far store's round trip, unless refreshes fail", () => {
  expect(waitFor(BOUND_MS - 1, false)).toBe(WAIT_WARM_MS);
  expect(waitFor(BOUND_MS, false)).toBe(WAIT_OVERDUE_MS);
  expect(waitFor(Number.POSITIVE_INFINITY, false)).toBe(WAIT_OVERDUE_MS);
  expect(waitFor(Number.POSITIVE_INFINITY, true)).toBe(WAIT_WARM_MS);
});

test("after a failure the next refresh comes within a lease, and not for all at once", () => {
  expect(retryAfter(0)).toBe(REFRESH_LEASE_MS / 2);
  for (const draw of draws) expect(retryAfter(draw)).toBeLessThanOrEqual(REFRESH_LEASE_MS);
});
