import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { Kill } from "../../../shared/schema/snapshot.ts";
import { aKill, FakeIsolate, FakeSources } from "../../testing/fake-sources.ts";
import { served } from "../../testing/served.ts";
import { killsInForce, STALE_MS } from "./pointer-lane.ts";

const on = { checkout: { variant: "on" } };
let sources: FakeSources;
let isolate: FakeIsolate;
const now = async () => served((await isolate.asked()).got);
const later = async () => {
  await sources.tick(STALE_MS);
  return now();
};

beforeEach(async () => {
  sources = new FakeSources();
  sources.publish(on);
  isolate = new FakeIsolate(sources);
  expect(await now()).toBe("on");
});

describe("a kill", () => {
  test("applies with the pointer that names it, before any snapshot could be fetched", async () => {
    sources.faults.kv = "hang";
    sources.faults.storeSnapshot = "hang";
    sources.publish(on, { kills: [aKill("k1")] });
    expect(await later()).toBe("off");
  });

  test("is in force in an isolate that starts cold, although the snapshot does not know it", async () => {
    sources.setKills([aKill("k1")]);
    isolate = new FakeIsolate(sources);
    expect(await now()).toBe("off");
  });

  test("that was restored is dropped with the snapshot that no longer holds it, and not before", async () => {
    sources.publish(on, { kills: [aKill("k1")] });
    expect(await later()).toBe("off");
    sources.publish(on);
    sources.faults.kv = "null";
    sources.faults.storeSnapshot = "error";
    expect(await later()).toBe("off");
    sources.faults.kv = null;
    expect(await later()).toBe("on");
  });

  test("is not dropped because an older pointer comes out of a cache", async () => {
    await isolate.asked();
    const old = sources.pointer();
    sources.setKills([aKill("k1")]);
    expect(await later()).toBe("off");
    sources.faults.store = "error";
    sources.faults.cache = null;
    await sources.sources.keepPointer({ ...old, asOf: sources.time + 900 });
    expect(await later()).toBe("off");
  });

  test("survives the store: with everything gone, memory keeps it", async () => {
    sources.setKills([aKill("k1")]);
    expect(await later()).toBe("off");
    for (const source of ["store", "kv", "storeSnapshot"] as const) sources.faults[source] = "error";
    await sources.tick(3_600_000);
    expect(await now()).toBe("off");
  });
});

test("killsInForce: removed kills stay until the loaded snapshot is at least the named one", () => {
  const [a, b] = [aKill("a"), aKill("b")];
  const named = (revision: number, kills: Kill[], epoch = 1) => ({ epoch, revision, kills });
  expect(killsInForce([a], { epoch: 1, revision: 4 }, named(5, [b]))).toEqual([b, a]);
  expect(killsInForce([a], { epoch: 1, revision: 5 }, named(5, [b]))).toEqual([b]);
  expect(killsInForce([a], { epoch: 1, revision: 6 }, named(5, []))).toEqual([]);
  expect(killsInForce([a], { epoch: 1, revision: 900 }, named(5, [], 2))).toEqual([a]);
  expect(killsInForce([a], { epoch: 2, revision: 1 }, named(5, [], 2))).toEqual([a]);
  expect(killsInForce([a], { epoch: 2, revision: 1 }, named(900, [], 1))).toEqual([]);
});

describe("onStale", () => {
  const withOnStale = (action: string) => ({
    checkout: { variant: "on", killVariant: "blue", onStale: { action, afterSeconds: 60 } },
  });

  test.each([
    ["killVariant", "blue"],
    ["keep", "on"],
  ])("%s: beyond the agreed age an edge serves %s, and with news it is as before", async (action, expected) => {
    sources.publish(withOnStale(action));
    expect(await later()).toBe("on");
    sources.faults.store = "error";
    await sources.tick(59_000);
    expect(await now()).toBe("on");
    await sources.tick(2_000);
    expect(await now()).toBe(expected);
    sources.faults.store = null;
    expect(await later()).toBe("on");
  });
});

test("whatever fails in whatever order, no killed flag comes back on and no edge goes back in time", async () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant("tick" as const), ms: fc.integer({ min: 1, max: 3_000 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("fault" as const),
        source: fc.constantFrom("store", "kv", "storeSnapshot", "cache"),
        fault: fc.constantFrom("error", "hang", "null", "corrupt", null),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom("kill", "restore", "publish", "cold") }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const world = new FakeSources();
      world.publish(on);
      let edge = new FakeIsolate(world);
      let active: Kill[] = [];
      let named: Kill[] = [];
      let applied = false;
      let newest = 0;
      for (const one of steps) {
        if (one.do === "tick") await world.tick((one as { ms: number }).ms);
        else if (one.do === "fault") {
          const { source, fault } = one as { source: "kv"; fault: "error" };
          // The store says "there is no such project" only when that is so.
          world.faults[source] = source === ("store" as string) && fault === ("null" as string) ? "error" : fault;
        } else if (one.do === "kill" && active.length === 0) {
          active = [aKill(`k${world.revision}`)];
          named = [...named, ...active];
          world.setKills(named);
        } else if (one.do === "restore") {
          active = [];
          applied = false;
          world.setKills(named);
        } else if (one.do === "publish") {
          named = active;
          world.publish(on, { kills: active });
        } else if (one.do === "cold") {
          edge = new FakeIsolate(world);
          applied = false;
          newest = 0;
        }
        const { got } = await edge.asked();
        if (got === undefined || typeof got === "string") continue;
        if (applied) expect(served(got)).toBe("off");
        applied ||= active.length > 0 && served(got) === "off" && got.kills.some(({ id }) => id === active[0]?.id);
        expect(got.revision).toBeGreaterThanOrEqual(newest);
        newest = got.revision;
      }
      Object.assign(world.faults, { store: null, kv: null, storeSnapshot: null, cache: null });
      world.publish(on, { kills: active });
      await world.tick(7_000);
      await edge.asked();
      await world.tick(STALE_MS);
      expect(served((await edge.asked()).got)).toBe(active.length > 0 ? "off" : "on");
    }),
    { numRuns: 150 },
  );
});
