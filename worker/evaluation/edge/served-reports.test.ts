import { beforeEach, describe, expect, test } from "vitest";
import { aKill, FakeIsolate, FakeSources, PROJECT } from "../../testing/fake-sources.ts";
import { STALE_MS } from "./pointer-lane.ts";
import { ProjectMemory } from "./project-memory.ts";
import { noteServed, takePendingReport } from "./served-reports.ts";

const MINUTES_MS = 60_000;

let sources: FakeSources;
let isolate: FakeIsolate;
const refreshed = async (one = isolate) => {
  await sources.tick(STALE_MS);
  await one.asked();
};
const staleTold = () => sources.told.reduce((sum, { staleServed = 0 }) => sum + staleServed, 0);
/** Every version that was reported, by lane. */
const firstsTold = () =>
  sources.told.flatMap(({ served }) => served.map(({ lane, revision }) => `${lane} ${revision}`));

beforeEach(() => {
  sources = new FakeSources();
  sources.faults.cache = null;
  sources.publish({ checkout: { variant: "on" } });
  isolate = new FakeIsolate(sources);
});

describe("answers from old knowledge", () => {
  const staleAnswers = async (many: number) => {
    sources.faults.store = "error";
    for (let time = 0; time < many; time++) await refreshed();
    sources.faults.store = null;
  };

  test("are counted, and the count survives reports that got lost", async () => {
    await refreshed();
    sources.faults.reports = "error";
    await staleAnswers(4);
    await refreshed();
    expect(staleTold()).toBe(0);
    sources.faults.reports = null;
    await refreshed();
    expect(staleTold()).toBe(4);
  });

  test("are reported every five minutes at most: they are figures, and each report costs", async () => {
    await refreshed();
    await staleAnswers(2);
    await refreshed();
    const { length } = sources.told;
    for (let time = 0; time < 20; time++) await staleAnswers(1);
    await refreshed();
    expect(sources.told.length).toBe(length);
    await sources.tick(5 * MINUTES_MS);
    await refreshed();
    await refreshed();
    expect(sources.told.length).toBe(length + 1);
    expect(staleTold()).toBeGreaterThanOrEqual(22);
  });

  test("are none while refreshes come in time", async () => {
    for (let time = 0; time < 10; time++) await refreshed();
    expect(staleTold()).toBe(0);
  });
});

describe("a version that a data centre serves", () => {
  test("is reported by one of its isolates, and so is a kill; what is no news is not reported", async () => {
    const crowd = [isolate, ...Array.from({ length: 30 }, () => new FakeIsolate(sources))];
    const allRefreshed = async () => {
      for (const one of crowd) one.ask();
      await refreshed();
      for (const one of crowd) await one.asked();
      await sources.tick(100);
    };
    await allRefreshed();
    sources.setKills([aKill("k1")]);
    await allRefreshed();
    // A change elsewhere in the project moves the pointer, and nothing here.
    sources.setTombstones(["t1"]);
    await allRefreshed();
    expect(firstsTold().sort()).toEqual(["config 1", "kill 2"]);
  });

  test("is reported by every isolate where the cache keeps nothing", async () => {
    sources.faults.cache = "null";
    for (const one of [isolate, new FakeIsolate(sources)]) await refreshed(one);
    expect(firstsTold()).toEqual(["config 1", "config 1"]);
  });

  test("and whose report is lost is reported again by the one that claimed it", async () => {
    sources.faults.reports = "error";
    await refreshed();
    sources.faults.reports = null;
    await refreshed(new FakeIsolate(sources));
    expect(firstsTold()).toEqual([]);
    await refreshed();
    expect(firstsTold()).toEqual(["config 1"]);
  });

  test("takes nothing from the way to the store: its pointer is read without a report", async () => {
    sources.faults.reports = "hang";
    await refreshed();
    sources.setKills([aKill("k1")]);
    await sources.tick(STALE_MS);
    expect((await isolate.asked()).heldMs).toBe(0);
  });
});

describe("a pending report", () => {
  const first = (revision: number) => ({ environment: "production", lane: "kill", revision, at: 1_000 }) as const;
  const aState = () => new ProjectMemory().enter(PROJECT, true);

  test("is taken once, and says nothing twice", () => {
    const state = aState();
    noteServed(state, first(7));
    expect(takePendingReport(state, "FRA", null, 0).report).toEqual({
      colo: "FRA",
      served: [first(7)],
      staleServed: 0,
    });
    expect(takePendingReport(state, "FRA", null, 0).report).toBeUndefined();
  });

  test("waits for the name of its data centre", () => {
    const state = aState();
    noteServed(state, first(7));
    expect(takePendingReport(state, null, null, 0).report).toBeUndefined();
    expect(takePendingReport(state, "FRA", null, 0).report?.served).toEqual([first(7)]);
  });

  test("that could not be sent is sent with the next, in order", () => {
    const state = aState();
    noteServed(state, first(7));
    state.staleServed = 2;
    const { report: lost, restoreReport } = takePendingReport(state, "FRA", false, 0);
    restoreReport(lost?.served ?? []);
    noteServed(state, first(8));
    const { report } = takePendingReport(state, "FRA", false, 0);
    expect(report).toMatchObject({ staleServed: 2, cacheWorks: false });
    expect(report?.served.map(({ revision }) => revision)).toEqual([7, 8]);
  });

  test("holds the latest firsts only, however many come", () => {
    const state = aState();
    for (let revision = 1; revision <= 100; revision++) noteServed(state, first(revision));
    const { report } = takePendingReport(state, "FRA", null, 0);
    expect(report?.served.at(0)?.revision).toBe(81);
    expect(report?.served.at(-1)?.revision).toBe(100);
  });
});
