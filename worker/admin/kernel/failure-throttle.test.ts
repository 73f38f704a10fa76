import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { FailureThrottle } from "./failure-throttle.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const NETWORK = "203.0.113.0/24";

describe("a network's failures", () => {
  test("are answered so often, then wait whole seconds, and again as time goes by", () => {
    const throttle = new FailureThrottle();
    for (let at = 0; at < LIMITS.failuresAtOnce; at++) expect(throttle.fail(NETWORK, NOW)).toBe(0);
    const wait = throttle.fail(NETWORK, NOW);
    expect([Number.isInteger(wait), wait >= 1]).toEqual([true, true]);
    expect(throttle.fail(NETWORK, NOW + wait * 1_000)).toBe(0);
    expect(throttle.fail("198.51.100.0/24", NOW)).toBe(0);
  });

  test("that were none are given back", () => {
    const throttle = new FailureThrottle();
    for (let at = 0; at < 3 * LIMITS.failuresAtOnce; at++) {
      expect(throttle.fail(NETWORK, NOW)).toBe(0);
      throttle.succeed(NETWORK);
    }
  });

  test("are no more than the bucket and the time allow, whatever the clock does", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -60_000, max: 60_000 }), { maxLength: 300 }), (steps) => {
        const throttle = new FailureThrottle();
        let now = NOW;
        let passed = 0;
        let forward = 0;
        for (const step of steps) {
          now += step;
          forward += Math.max(0, step);
          if (throttle.fail(NETWORK, now) === 0) passed++;
        }
        expect(passed).toBeLessThanOrEqual(LIMITS.failuresAtOnce + (forward / 1_000) * LIMITS.failuresPerSecond);
      }),
    );
  });

  test("of more networks than fit push the oldest out, and never anything else", () => {
    const throttle = new FailureThrottle();
    for (let at = 0; at <= LIMITS.failuresAtOnce; at++) throttle.fail(NETWORK, NOW);
    for (let at = 1; at < LIMITS.failingNetworks; at++) throttle.fail(`network ${at}`, NOW);
    expect(throttle.fail(NETWORK, NOW)).toBeGreaterThan(0);
    throttle.fail("one more", NOW);
    expect(throttle.fail(NETWORK, NOW)).toBe(0);
  });
});

describe("what is remembered of secrets", () => {
  test("is bounded, and the longest unused goes first", () => {
    const throttle = new FailureThrottle();
    for (let at = 0; at < LIMITS.secretsRemembered; at++) throttle.remember(`good ${at}`, true);
    expect(throttle.isGood("good 0")).toBe(true);
    throttle.remember("one more", true);
    expect([throttle.isGood("good 0"), throttle.isGood("good 1"), throttle.isGood("one more")]).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("never says both", () => {
    const throttle = new FailureThrottle();
    for (const isGood of [true, false, true]) {
      throttle.remember("h", isGood);
      expect([throttle.isGood("h"), throttle.isBad("h")]).toEqual([isGood, !isGood]);
    }
  });

  test("by the list: one reader a second, and an old list tells of what is there only", () => {
    const throttle = new FailureThrottle();
    expect(throttle.isListed("aaaaaaaa1", NOW)).toBeNull();
    expect([throttle.mayReadList(NOW), throttle.mayReadList(NOW), throttle.mayReadList(NOW + 999)]).toEqual([
      true,
      false,
      false,
    ]);
    throttle.list("aaaaaaaabbbbbbbb", NOW);
    expect([throttle.isListed("bbbbbbbb2", NOW), throttle.isListed("cccccccc3", NOW)]).toEqual([true, false]);
    expect([throttle.isListed("bbbbbbbb2", NOW + 5_000), throttle.isListed("cccccccc3", NOW + 5_000)]).toEqual([
      true,
      null,
    ]);
  });
});

describe("reports", () => {
  test("hold every count, are made once a minute, and are bounded however many networks fail", () => {
    const throttle = new FailureThrottle();
    expect(throttle.report(NOW)).toBeNull();
    expect(throttle.count("token", NETWORK, NOW)).toBe(true);
    expect(throttle.report(NOW)).toHaveLength(1);
    for (let at = 0; at < 1_000; at++) throttle.count("token", `network ${at}`, NOW + at);
    expect(throttle.report(NOW + LIMITS.failureReportMs - 1)).toBeNull();
    const report = throttle.report(NOW + LIMITS.failureReportMs) ?? [];
    expect(report.length).toBeLessThanOrEqual(LIMITS.failuresPerReport);
    expect(report.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
    expect(report.find(({ network }) => network === "other")?.lastAt).toBe(NOW + 999);
  });

  test("that did not arrive count again", () => {
    const throttle = new FailureThrottle();
    throttle.count("metrics", NETWORK, NOW);
    const lost = throttle.report(NOW) ?? [];
    expect(throttle.count("metrics", NETWORK, NOW + 1_000)).toBe(true);
    throttle.unreported(lost);
    expect(throttle.report(NOW, true)).toEqual([
      { kind: "metrics", network: NETWORK, count: 2, firstAt: NOW, lastAt: NOW + 1_000 },
    ]);
  });
});
