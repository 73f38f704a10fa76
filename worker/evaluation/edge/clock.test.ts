import { beforeEach, describe, expect, test } from "vitest";
import { FROZEN_CLOCK_REQUESTS } from "../../../test/promises.ts";
import { aKill, FakeIsolate, FakeSources } from "../../testing/fake-sources.ts";
import { served } from "../../testing/served.ts";
import { FRESH_MS, placeAnswer, placeCopy, STALE_MS, WAIT_WARM_MS } from "./pointer-lane.ts";

const HOUR = 3_600_000;
let sources: FakeSources;
let isolate: FakeIsolate;
const asked = () => isolate.asked();
const now = async () => served((await asked()).got);

beforeEach(() => {
  sources = new FakeSources();
  sources.publish({ checkout: { variant: "on" } });
  isolate = new FakeIsolate(sources);
});

/** A kill, and how long after it the isolate still served "on" (ms), asked every 50 ms. */
async function killReaches(): Promise<number> {
  sources.setKills([aKill("k1")]);
  for (let after = 0; after < 10_000; after += 50) {
    if ((await now()) === "off") return after;
    await sources.tick(50);
  }
  return Number.POSITIVE_INFINITY;
}

describe.each([
  ["right", 0],
  ["an hour fast", HOUR],
  ["an hour slow", -HOUR],
  ["a minute fast", 60_000],
  ["three seconds slow", -3_000],
])("an isolate whose clock is %s against the store's", (_how, skew) => {
  beforeEach(() => {
    sources.skew = skew;
  });

  test("hears of a kill within a second", async () => {
    expect(await now()).toBe("on");
    expect(await killReaches()).toBeLessThanOrEqual(STALE_MS);
  });

  test("hears of it through its data centre's cache as well", async () => {
    sources.faults.cache = null;
    expect(await now()).toBe("on");
    await sources.tick(FRESH_MS);
    await now();
    expect(await killReaches()).toBeLessThanOrEqual(2 * STALE_MS);
  });

  test("does not ask the store for every request", async () => {
    await now();
    const before = sources.count("store");
    for (let time = 0; time < 40; time++) {
      await now();
      await sources.tick(10);
    }
    expect(sources.count("store") - before).toBeLessThanOrEqual(1);
  });
});

describe("a clock that is set while the isolate runs", () => {
  test.each([
    ["back an hour", -HOUR],
    ["on an hour", HOUR],
    ["back a second", -1_000],
  ])("%s: a kill is still heard of within a second, and nobody is held longer than agreed", async (_how, jump) => {
    expect(await now()).toBe("on");
    await sources.tick(100);
    sources.skew = jump;
    expect((await asked()).heldMs).toBeLessThanOrEqual(WAIT_WARM_MS);
    expect(await killReaches()).toBeLessThanOrEqual(STALE_MS);
  });

  test.each([
    ["back", -HOUR],
    ["on", HOUR],
  ])("%s while a refresher holds the lease: its lease does not last for the hour", async (_how, jump) => {
    expect(await now()).toBe("on");
    await sources.tick(STALE_MS);
    sources.faults.store = "hang";
    isolate.ask();
    await sources.settle();
    sources.skew = jump;
    sources.faults.store = null;
    await sources.tick(1_000);
    expect(await killReaches()).toBeLessThanOrEqual(STALE_MS);
  });

  test("back: a missing project is asked for again", async () => {
    sources.exists = false;
    expect(await now()).toBe("missing");
    sources.exists = true;
    sources.skew = -HOUR;
    expect(await now()).toBe("on");
  });
});

describe("a clock that stands still", () => {
  const frozen = async () => {
    sources.sources.now = () => 1_000_000;
    isolate = new FakeIsolate(sources);
  };

  test("a kill is heard of after 256 requests", async () => {
    await frozen();
    expect(await now()).toBe("on");
    sources.setKills([aKill("k1")]);
    let requests = 0;
    while ((await now()) !== "off" && requests < 2_000) requests++;
    expect(requests).toBeLessThanOrEqual(FROZEN_CLOCK_REQUESTS);
  });

  test("a project made meanwhile is found", async () => {
    sources.exists = false;
    await frozen();
    expect(await now()).toBe("missing");
    sources.exists = true;
    let requests = 0;
    while ((await now()) !== "on" && requests < 2_000) requests++;
    expect(requests).toBeLessThanOrEqual(FROZEN_CLOCK_REQUESTS);
  });
});

describe("a store whose clock is wrong", () => {
  test.each([
    ["an hour ahead", HOUR],
    ["an hour behind", -HOUR],
  ])("%s: age counts from when it was asked", (_how, offset) => {
    const pointer = { ...sources.pointer(), asOf: 5_000 + offset };
    const { held, clockOffset } = placeAnswer(pointer, 5_000);
    expect([held.stampedAt, clockOffset]).toEqual([5_000, offset]);
    expect(placeCopy(pointer, 5_400, clockOffset)?.stampedAt).toBe(5_000);
  });

  test("a copy from the future, or from long ago, is not believed while the clocks are unknown", () => {
    const pointer = { ...sources.pointer(), asOf: 10_000 };
    expect(placeCopy(pointer, 9_999, null)).toBeNull();
    expect(placeCopy(pointer, 11_000, null)).toBeNull();
    expect(placeCopy(pointer, 10_400, null)?.stampedAt).toBe(10_000);
  });
});
