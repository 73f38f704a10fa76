import { describe, expect, test } from "vitest";
import { PROJECT } from "../../testing/fake-sources.ts";
import { REFRESH_LEASE_MS } from "./pointer-lane.ts";
import { ProjectMemory } from "./project-memory.ts";
import { giveLeaseBack, isClockFrozen, isFailing, keepLeaseAfterFailure, takeLease } from "./refresh-lease.ts";

const START = 1_000_000;
const aState = () => new ProjectMemory().enter(PROJECT, true);

describe("a lease", () => {
  test("belongs to one refresher until it is given back", () => {
    const state = aState();
    expect([takeLease(state, START), takeLease(state, START + 1)]).toEqual([true, false]);
    giveLeaseBack(state);
    expect(takeLease(state, START + 2)).toBe(true);
    expect(isFailing(state, START + 2)).toBe(false);
  });

  test("that runs out passes on, and what held it counts as failed", () => {
    const state = aState();
    takeLease(state, START);
    expect(takeLease(state, START + REFRESH_LEASE_MS - 1)).toBe(false);
    expect(takeLease(state, START + REFRESH_LEASE_MS)).toBe(true);
    expect(isFailing(state, START + REFRESH_LEASE_MS)).toBe(true);
  });

  test("is kept for a drawn while after a failure, so that the store is not asked by every request", () => {
    const state = aState();
    takeLease(state, START);
    keepLeaseAfterFailure(state, START, 0);
    expect(takeLease(state, START + REFRESH_LEASE_MS / 2 - 1)).toBe(false);
    expect(takeLease(state, START + REFRESH_LEASE_MS / 2)).toBe(true);
  });

  test("taken before the clock was set back holds nobody up", () => {
    const state = aState();
    takeLease(state, START);
    expect(takeLease(state, START - 3_600_000)).toBe(true);
  });
});

test("a failure counts for ten seconds, by a clock that may be set", () => {
  const state = aState();
  keepLeaseAfterFailure(state, START, 0);
  expect([START, START + 9_999, START + 10_000, START - 10_000].map((now) => isFailing(state, now))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("a clock counts as frozen once in 256 requests that meet the same reading", () => {
  const state = aState();
  const frozen = (requests: number, now: number) =>
    Array.from({ length: requests }, () => isClockFrozen(state, now)).filter(Boolean).length;
  // The first request sets the reading; 256 more meet it.
  expect(frozen(256, START)).toBe(0);
  expect(frozen(1, START)).toBe(1);
  expect(frozen(255, START)).toBe(0);
  expect(frozen(1, START + 1)).toBe(0);
});
