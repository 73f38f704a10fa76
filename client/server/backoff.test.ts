import { expect, test } from "vitest";
import { backoff, jittered, RECONNECT, RETRY } from "./backoff.ts";

const PROCESSES = 10_000;

/** A generator of its own (mulberry32), so that the counts below are the same on every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Attempts in each second, where all processes lose the relay in one instant and it is back after `downS`. */
function attemptsAfter(downS: number): number[] {
  const attempts: number[] = [];
  for (let process = 0; process < PROCESSES; process++) {
    const random = randomOf(process);
    let at = 0;
    let failures = 0;
    do {
      at += backoff(RECONNECT, ++failures, random());
      const second = Math.floor(at / 1_000);
      attempts[second] = (attempts[second] ?? 0) + 1;
    } while (at < downS * 1_000);
  }
  return Array.from(attempts, (count) => count ?? 0);
}

test("10,000 processes that lose their connection in one instant are back within ten seconds, spread out", () => {
  const attempts = attemptsAfter(0);
  expect(attempts.length).toBeLessThanOrEqual(10);
  expect(Math.max(...attempts)).toBeLessThanOrEqual(1_200);
  expect(attempts.reduce((sum, count) => sum + count)).toBe(PROCESSES);
});

test.each([30, 120, 600])(
  "after %i s without a relay they come ever more seldom, and back without a burst",
  (downS) => {
    const attempts = attemptsAfter(downS);
    // The first wait's draws and the second one's overlap.
    expect(Math.max(...attempts)).toBeLessThanOrEqual(1_600);
    const back = attempts.slice(downS);
    expect(Math.max(...back)).toBeLessThanOrEqual(downS < 60 ? 500 : 350);
    // Bounded waits: everybody is back.
    expect(back.length).toBeLessThanOrEqual(121);
  },
);

test.each([RECONNECT, RETRY])(
  "waits are anything from nothing to a bound that doubles, and ends: %o",
  ({ first, most }) => {
    const longest = Array.from({ length: 40 }, (_, index) => backoff({ first, most }, index + 1, 1 - Number.EPSILON));
    expect(longest[0]).toBeCloseTo(first);
    for (const [index, ms] of longest.entries()) {
      expect(ms).toBeLessThanOrEqual(most);
      expect(ms).toBeCloseTo(Math.min(most, first * 2 ** index), 0);
    }
    expect(backoff({ first, most }, 12, 0)).toBe(0);
  },
);

test("polls come within their interval, at half of it at the earliest", () => {
  expect([jittered(2_000, 0), jittered(2_000, 1)]).toEqual([1_000, 2_000]);
});
