import fc from "fast-check";
import { expect, test } from "vitest";
import { type CentreServed, type First, firstServedOf, withFirst } from "./first-served.ts";

const aChange = { environment: "production", revision: 7, committedAt: 1_000, isKill: false };
const served = (over: Partial<CentreServed>): CentreServed => ({
  environment: "production",
  colo: "FRA",
  epoch: 1,
  kill: [],
  config: [],
  ...over,
});
const firsts = (change: object, ...reports: CentreServed[]) =>
  Object.fromEntries(firstServedOf({ ...aChange, ...change }, 1, reports));

test("a change is served with the first snapshot that holds it", () => {
  const config: First[] = [
    [6, 1_100],
    [8, 1_300],
    [9, 1_400],
  ];
  expect(firsts({}, served({ config }))).toEqual({ FRA: 1_300 });
  expect(firsts({ revision: 10 }, served({ config }))).toEqual({});
});

test("the pointer alone serves kills, and nothing else", () => {
  const one = served({ kill: [[7, 1_200]], config: [[7, 1_500]] });
  expect(firsts({}, one)).toEqual({ FRA: 1_500 });
  expect(firsts({ isKill: true }, one)).toEqual({ FRA: 1_200 });
});

test("other environments, and revisions from before a restore, say nothing", () => {
  const config: First[] = [[7, 1_200]];
  expect(firsts({}, served({ config, epoch: 2 }), served({ config, environment: "staging" }))).toEqual({});
});

test("nothing is served before it is committed, whatever clocks say", () => {
  expect(firsts({}, served({ config: [[7, 400]] }))).toEqual({ FRA: 1_000 });
});

const reported = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 50 })), {
  maxLength: 40,
});

test("whatever the order of reports, what is kept tells of every revision when it was first served", () => {
  fc.assert(
    fc.property(reported, (all) => {
      const kept = all.reduce<readonly First[]>((list, one) => withFirst(list, one), []);
      for (let revision = 1; revision <= 30; revision++) {
        const of = (list: readonly First[]) => Math.min(...list.filter(([r]) => r >= revision).map(([, at]) => at));
        expect(of(kept)).toBe(of(all));
      }
    }),
  );
});

test("a report that says nothing new changes nothing, so that nothing is written", () => {
  const list: readonly First[] = [[7, 1_000]];
  for (const one of [
    [7, 1_000],
    [7, 1_001],
    [3, 1_000],
  ] as const)
    expect(withFirst(list, one)).toBe(list);
});

test("the latest fifty are kept", () => {
  let list: readonly First[] = [];
  for (let revision = 1; revision <= 200; revision++) list = withFirst(list, [revision, revision]);
  expect([list.length, list[0]?.[0], list.at(-1)?.[0]]).toEqual([50, 151, 200]);
});
