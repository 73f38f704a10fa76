import { beforeEach, describe, expect, test } from "vitest";
import { FakeIsolate, FakeSources, PROJECT } from "../../testing/fake-sources.ts";
import { STALE_MS } from "./pointer-lane.ts";
import { ProjectMemory } from "./project-memory.ts";
import { noteServed, takePendingReport } from "./served-reports.ts";

let sources: FakeSources;
let isolate: FakeIsolate;
const refreshed = async () => {
  await sources.tick(STALE_MS);
  await isolate.asked();
};

beforeEach(() => {
  sources = new FakeSources();
  sources.publish({ checkout: { variant: "on" } });
  isolate = new FakeIsolate(sources);
});

describe("answers from old knowledge", () => {
  test("are counted, and the count survives reports that got lost", async () => {
    await refreshed();
    sources.faults.store = "error";
    for (let time = 0; time < 4; time++) await refreshed();
    sources.faults.store = null;
    await refreshed();
    expect(sources.told.reduce((sum, { staleServed = 0 }) => sum + staleServed, 0)).toBe(4);
  });

  test("are none while refreshes come in time", async () => {
    for (let time = 0; time < 10; time++) await refreshed();
    expect(sources.told.map(({ staleServed }) => staleServed)).toEqual(sources.told.map(() => 0));
  });
});

describe("a pending report", () => {
  const first = (revision: number) => ({ environment: "production", lane: "kill", revision, at: 1_000 }) as const;
  const aState = () => new ProjectMemory().enter(PROJECT, true);

  test("is taken once, by the store's clock, and says nothing twice", () => {
    const state = aState();
    state.clockOffset = 50;
    noteServed(state, first(7));
    expect(takePendingReport(state, "FRA", null).report).toEqual({
      colo: "FRA",
      served: [{ ...first(7), at: 1_050 }],
      staleServed: 0,
    });
    expect(takePendingReport(state, "FRA", null).report).toBeUndefined();
  });

  test("that could not be told is told with the next, in order", () => {
    const state = aState();
    noteServed(state, first(7));
    state.staleServed = 2;
    takePendingReport(state, "FRA", false).restoreReport();
    noteServed(state, first(8));
    const { report } = takePendingReport(state, "FRA", false);
    expect(report).toMatchObject({ staleServed: 2, cacheWorks: false });
    expect(report?.served.map(({ revision }) => revision)).toEqual([7, 8]);
  });

  test("holds the latest firsts only, however many come", () => {
    const state = aState();
    for (let revision = 1; revision <= 100; revision++) noteServed(state, first(revision));
    const { report } = takePendingReport(state, "FRA", null);
    expect(report?.served.at(0)?.revision).toBe(81);
    expect(report?.served.at(-1)?.revision).toBe(100);
  });
});
