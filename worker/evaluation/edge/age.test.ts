import { beforeEach, describe, expect, test } from "vitest";
import { FakeIsolate, FakeSources, PROJECT } from "../../testing/fake-sources.ts";
import { PRODUCTION } from "../../testing/names.ts";
import { served } from "../../testing/served.ts";
import { ageOf, FRESH_MS, freshness, REFRESH_LEASE_MS, STALE_MS, WAIT_COLD_MS, WAIT_WARM_MS } from "./pointer-lane.ts";

let sources: FakeSources;
let isolate: FakeIsolate;
/** An isolate that knows "on", while the store already has "blue". */
beforeEach(async () => {
  sources = new FakeSources();
  sources.publish({ checkout: { variant: "on" } });
  isolate = new FakeIsolate(sources);
  expect(served((await isolate.asked()).got)).toBe("on");
  sources.publish({ checkout: { variant: "blue" } });
});

test.each([
  [0, "fresh"],
  [FRESH_MS - 1, "fresh"],
  [FRESH_MS, "aging"],
  [STALE_MS - 1, "aging"],
  [STALE_MS, "stale"],
  [Number.POSITIVE_INFINITY, "stale"],
])("knowledge of age %s is %s", (age, called) => expect(freshness(age)).toBe(called));

test("nothing known, or a stamp from the future, has no age that could be trusted", () => {
  expect(ageOf(null, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(ageOf({ pointer: sources.pointer(), stampedAt: 1 }, 0)).toBe(Number.POSITIVE_INFINITY);
});

describe("a request that finds knowledge", () => {
  test("younger than half a second: is answered at once, and nothing is asked", async () => {
    await sources.tick(FRESH_MS - 1);
    const before = sources.count("store");
    const request = isolate.ask();
    await sources.settle();
    expect([served(request.got), request.heldMs, sources.count("store")]).toEqual(["on", 0, before]);
  });

  test.each([
    ["has it at once", 0, false],
    ["has it at once", FRESH_MS - 1, false],
    ["has it at once", STALE_MS - 1, false],
    ["gets a promise", STALE_MS, true],
  ])("%s at an age of %d ms", async (_, age, waits) => {
    await sources.tick(age);
    expect(isolate.edge.current(PROJECT, PRODUCTION, () => {}) instanceof Promise).toBe(waits);
  });

  test("of half a second to a second: is answered at once, and one refresh runs behind it", async () => {
    await sources.tick(FRESH_MS);
    const before = sources.count("store");
    const requests = Array.from({ length: 20 }, () => isolate.ask());
    await sources.settle();
    expect(requests.map(({ heldMs }) => heldMs)).toEqual(requests.map(() => 0));
    expect(sources.count("store")).toBe(before + 1);
    expect(served((await isolate.asked()).got)).toBe("blue");
  });

  test("older: waits for the refresh and sees the change", async () => {
    await sources.tick(STALE_MS);
    expect(served((await isolate.asked()).got)).toBe("blue");
  });

  test("older, and the store hangs: is held no longer than agreed, and served what there is", async () => {
    await sources.tick(STALE_MS);
    sources.faults.store = "hang";
    const request = await isolate.asked();
    expect([served(request.got), request.heldMs]).toEqual(["on", WAIT_WARM_MS]);
  });

  test("older, and the store fails: is not held at all", async () => {
    await sources.tick(STALE_MS);
    sources.faults.store = "error";
    const request = await isolate.asked();
    expect([served(request.got), request.heldMs]).toEqual(["on", 0]);
  });
});

describe("a refresher that hangs or dies", () => {
  test("holds nobody up: others wait for it no longer than for a refresh, then not at all", async () => {
    await sources.tick(STALE_MS);
    sources.faults.store = "hang";
    isolate.ask();
    await sources.settle();
    const second = await isolate.asked();
    expect([served(second.got), (second.heldMs ?? 0) <= WAIT_WARM_MS]).toEqual(["on", true]);
    await sources.tick(REFRESH_LEASE_MS);
    await isolate.asked();
    const later = await isolate.asked();
    expect([served(later.got), later.heldMs]).toEqual(["on", 0]);
  });

  test("loses its lease, and the next request takes over", async () => {
    await sources.tick(STALE_MS);
    sources.faults.store = "hang";
    await isolate.asked();
    sources.faults.store = null;
    const before = sources.count("store");
    await isolate.asked();
    expect(sources.count("store")).toBe(before);
    await sources.tick(REFRESH_LEASE_MS);
    expect(served((await isolate.asked()).got)).toBe("blue");
    expect(sources.count("store")).toBe(before + 1);
  });

  test("a store in trouble is asked once a lease, not by every request", async () => {
    await sources.tick(STALE_MS);
    sources.faults.store = "error";
    const before = sources.count("store");
    for (let time = 0; time < 50; time++) await isolate.asked();
    expect(sources.count("store")).toBe(before + 1);
    await sources.tick(REFRESH_LEASE_MS);
    for (let time = 0; time < 50; time++) await isolate.asked();
    expect(sources.count("store")).toBe(before + 2);
  });
});

describe("with nothing in memory", () => {
  test("a hundred requests at once make one refresh, and all are answered", async () => {
    const cold = new FakeIsolate(sources);
    const before = sources.count("store");
    const requests = Array.from({ length: 100 }, () => cold.ask());
    await sources.tick(20);
    expect(requests.map(({ got }) => served(got))).toEqual(requests.map(() => "blue"));
    expect(sources.count("store")).toBe(before + 1);
  });

  test("and a store that hangs, requests wait two seconds and then say that nothing is known", async () => {
    const cold = new FakeIsolate(sources);
    sources.faults.store = "hang";
    const requests = [cold.ask(), cold.ask()];
    await sources.tick(WAIT_COLD_MS + 50);
    for (const { got, heldMs } of requests) {
      expect(got).toBe("unreachable");
      expect(heldMs).toBeLessThanOrEqual(WAIT_COLD_MS + 5);
    }
  });
});

describe("a write through this isolate", () => {
  test("is seen by its author's next evaluation, however fresh the isolate thinks it is", async () => {
    isolate.edge.require(PROJECT, sources.revision);
    expect(served((await isolate.asked()).got)).toBe("blue");
  });

  test("is not waited for when the store cannot be reached", async () => {
    isolate.edge.require(PROJECT, sources.revision);
    sources.faults.store = "hang";
    const request = await isolate.asked();
    expect([served(request.got), request.heldMs]).toEqual(["on", WAIT_WARM_MS]);
  });

  test("makes a project that was missing known at once", async () => {
    sources.exists = false;
    const fresh = new FakeIsolate(sources);
    expect((await fresh.asked()).got).toBe("missing");
    sources.exists = true;
    expect((await fresh.asked()).got).toBe("missing");
    fresh.edge.require(PROJECT, sources.revision);
    expect(served((await fresh.asked()).got)).toBe("blue");
  });
});

test("a project that does not exist is remembered for ten seconds only, and asked for once", async () => {
  sources.exists = false;
  const fresh = new FakeIsolate(sources);
  const before = sources.count("store");
  for (let time = 0; time < 20; time++) expect((await fresh.asked()).got).toBe("missing");
  expect(sources.count("store")).toBe(before + 1);
  sources.exists = true;
  await sources.tick(10_001);
  expect(served((await fresh.asked()).got)).toBe("blue");
});

test("an environment that does not exist is missing, while its project goes on", async () => {
  expect((await isolate.asked(3_000, "nowhere")).got).toBe("missing");
  expect(served((await isolate.asked()).got)).toBe("on");
});

test("a client that was told of something newer gets it: maxAgeMs refreshes first", async () => {
  await sources.tick(60);
  const request = isolate.ask("production", { maxAgeMs: 50 });
  await sources.tick(20);
  expect(served(request.got)).toBe("blue");
});
