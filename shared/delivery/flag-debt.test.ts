import { describe, expect, test } from "vitest";
import { type EnvironmentUse, type FlagFacts, flagDebt } from "./flag-debt.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const DAY = 86_400_000;
const daysAgo = (days: number) => NOW - days * DAY;
const observed: EnvironmentUse = { bulkAt: null, anyAsked: true };
const facts = (over: Partial<FlagFacts> = {}): FlagFacts => ({
  flag: "checkout",
  purpose: "release",
  owner: "shop",
  createdAt: daysAgo(100),
  expiresAt: null,
  offVariant: "off",
  state: { enabled: true, targeting: 0, everybody: { variant: "on" } },
  stateChangedAt: daysAgo(40),
  killedAt: null,
  moving: false,
  askedAt: NOW,
  dependants: [],
  ...over,
});
const reasons = (over: Partial<FlagFacts>, seen = observed) =>
  flagDebt([facts(over)], seen, 30, NOW).flatMap(({ reasons: all }) => all.map(({ reason }) => reason));
const split = (...weights: [string, number][]) => ({
  split: weights.map(([variant, weight]) => ({ variant, weight })),
  by: "targetingKey",
});

describe("a flag at 100 %", () => {
  test("is debt after the days, not before, and says which variant code may keep", () => {
    expect(reasons({ stateChangedAt: daysAgo(30) })).toEqual(["rolled-out"]);
    expect(reasons({ stateChangedAt: daysAgo(29.9) })).toEqual([]);
    expect(flagDebt([facts()], observed, 30, NOW)[0]).toMatchObject({
      keep: "on",
      reasons: [{ reason: "rolled-out" }],
    });
  });
  test("may be a split that gives all to one, not one that gives to two, nor one with targeting", () => {
    const state = { enabled: true, targeting: 0 };
    expect(reasons({ state: { ...state, everybody: split(["on", 100_000], ["off", 0]) } })).toEqual(["rolled-out"]);
    expect(reasons({ state: { ...state, everybody: split(["on", 99_999], ["off", 1]) } })).toEqual([]);
    expect(reasons({ state: { ...state, targeting: 1, everybody: { variant: "on" } } })).toEqual([]);
  });
  test("is none while a plan or a schedule is about to change it", () => {
    expect(reasons({ moving: true })).toEqual([]);
  });
});

test("a flag that nobody gets is off, whether disabled or serving its off variant", () => {
  expect(reasons({ state: { enabled: false, targeting: 3, everybody: { variant: "on" } } })).toEqual(["off"]);
  expect(reasons({ state: { enabled: true, targeting: 0, everybody: { variant: "off" } } })).toEqual(["off"]);
});

test("a flag killed for long is that, and not rolled out as well", () => {
  expect(reasons({ killedAt: daysAgo(31) })).toEqual(["killed"]);
  expect(reasons({ killedAt: daysAgo(3) })).toEqual([]);
  expect(flagDebt([facts({ killedAt: daysAgo(31) })], observed, 30, NOW)[0]?.keep).toBeUndefined();
});

test("a flag past its expiry is debt at once, controls too", () => {
  expect(reasons({ expiresAt: daysAgo(1), stateChangedAt: NOW })).toEqual(["expired"]);
  expect(reasons({ expiresAt: daysAgo(-1), stateChangedAt: NOW })).toEqual([]);
  expect(reasons({ purpose: "ops", expiresAt: daysAgo(1) })).toEqual(["expired"]);
});

test("controls are meant to stay", () => {
  for (const purpose of ["ops", "config"] as const) expect(reasons({ purpose, askedAt: null })).toEqual([]);
});

describe("a flag that nobody asked for", () => {
  const silent = { askedAt: null, stateChangedAt: NOW };
  test("is debt when others were asked for by name, and it is old enough", () => {
    expect(reasons(silent)).toEqual(["never-asked"]);
    expect(reasons({ ...silent, askedAt: daysAgo(31) })).toEqual(["never-asked"]);
    expect(reasons({ ...silent, createdAt: daysAgo(3) })).toEqual([]);
  });
  test("is not when apps take all flags at once, or nothing was asked for at all: then silence says nothing", () => {
    expect(reasons(silent, { bulkAt: NOW, anyAsked: true })).toEqual([]);
    expect(reasons(silent, { bulkAt: daysAgo(31), anyAsked: true })).toEqual(["never-asked"]);
    expect(reasons(silent, { bulkAt: null, anyAsked: false })).toEqual([]);
  });
});

test("the most pressing come first", () => {
  const all = [
    facts({ flag: "b" }),
    facts({ flag: "never", askedAt: null, stateChangedAt: NOW }),
    facts({ flag: "a", stateChangedAt: daysAgo(90) }),
    facts({ flag: "late", expiresAt: daysAgo(1), stateChangedAt: NOW }),
  ];
  expect(flagDebt(all, observed, 30, NOW).map(({ flag }) => flag)).toEqual(["late", "a", "b", "never"]);
});
