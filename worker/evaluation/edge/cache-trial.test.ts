import { beforeEach, describe, expect, test } from "vitest";
import { FakeIsolate, FakeSources } from "../../testing/fake-sources.ts";
import { STALE_MS } from "./pointer-lane.ts";

let sources: FakeSources;
let isolate: FakeIsolate;
const refreshed = async () => {
  await sources.tick(STALE_MS);
  await isolate.asked();
};
const saidOfCache = () => sources.told.map(({ cacheWorks }) => cacheWorks).filter((works) => works !== undefined);

beforeEach(() => {
  sources = new FakeSources();
  sources.publish({ checkout: { variant: "on" } });
  isolate = new FakeIsolate(sources);
});

describe("a cache that keeps nothing", () => {
  test("is noticed, logged once and told to the store once", async () => {
    for (let time = 0; time < 10; time++) await refreshed();
    expect(sources.reports.filter((event) => event === "cache-does-not-work")).toHaveLength(1);
    expect(saidOfCache()).toEqual([false]);
  });

  test("that begins to work is noticed as well", async () => {
    for (let time = 0; time < 3; time++) await refreshed();
    sources.faults.cache = null;
    await sources.tick(300_000);
    for (let time = 0; time < 3; time++) await refreshed();
    expect(sources.reports).toContain("cache-works-again");
    expect(saidOfCache()).toEqual([false, true]);
  });

  test("is not held against one that works", async () => {
    sources.faults.cache = null;
    for (let time = 0; time < 10; time++) await refreshed();
    expect(sources.reports).toEqual([]);
    expect(saidOfCache()).toEqual([true]);
  });
});
