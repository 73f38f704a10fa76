import { beforeEach, describe, expect, test } from "vitest";
import { aKill, FakeIsolate, FakeSources, PROJECT } from "../../testing/fake-sources.ts";
import { served } from "../../testing/served.ts";
import { RELAY_PATIENCE_MS, RELAY_REST_MS } from "./edge-sources.ts";
import {
  BOUND_MS,
  placeRelayed,
  REFRESH_LEASE_MS,
  RELAYED_STALE_MS,
  STALE_MS,
  WAIT_OVERDUE_MS,
} from "./pointer-lane.ts";

// A relay stands near; the store may be far. Whatever the relay does, a request gets what it got without one.

/** Pauses (ms) between the requests of an isolate with little traffic. */
const SPARSE_MS = 3_000;

let sources: FakeSources;
let isolate: FakeIsolate;

beforeEach(async () => {
  sources = new FakeSources();
  sources.faults.cache = null;
  sources.faults.relay = null;
  sources.publish({ checkout: { variant: "on" } });
  isolate = new FakeIsolate(sources);
  // Once, so that the name is known to be real.
  await isolate.asked();
});

/** What a request gets after a pause, with the calls that it took. */
async function afterPause(ms = SPARSE_MS) {
  await sources.tick(ms);
  const before = { store: sources.count("store"), relay: sources.count("relay") };
  const { got, heldMs } = await isolate.asked();
  const calls = { store: sources.count("store") - before.store, relay: sources.count("relay") - before.relay };
  return { serves: served(got), heldMs, calls };
}

describe("with little traffic", () => {
  test("no request asks the store, and each knows of a kill that came before it", async () => {
    for (let time = 0; time < 20; time++) {
      const isKilled = time % 2 === 0;
      sources.setKills(isKilled ? [aKill(`k${time}`)] : []);
      // A restore needs a snapshot without the kill.
      if (!isKilled) sources.publish({ checkout: { variant: "on" } });
      expect(await afterPause()).toMatchObject({ serves: isKilled ? "off" : "on", calls: { store: 0, relay: 1 } });
    }
  });

  test("what a relay says is good until it is nearly two seconds old, and no request is answered with older", async () => {
    expect(RELAYED_STALE_MS).toBeLessThan(BOUND_MS);
    sources.relayAgeMs = 1_000;
    await afterPause();
    sources.setKills([aKill("k1")]);
    // A request that is answered at once has the store asked behind it.
    sources.faults.store = "hang";
    expect(await afterPause(RELAYED_STALE_MS - 1_000 - 1)).toMatchObject({
      serves: "on",
      heldMs: 0,
      calls: { relay: 0 },
    });
    await sources.tick(REFRESH_LEASE_MS);
    expect(await afterPause(1)).toMatchObject({ serves: "off", calls: { relay: 1 } });
  });
});

describe("a request that nobody waits for", () => {
  test("is refreshed by the store: it has time for the way", async () => {
    await afterPause(STALE_MS - 1);
    expect(sources.count("relay")).toBe(0);
  });

  test("and an author's own write is asked of the store, since no relay can know of it yet", async () => {
    sources.relayHolds = sources.pointer();
    sources.setKills([aKill("k1")]);
    isolate.edge.require(PROJECT, sources.revision);
    expect(await afterPause()).toMatchObject({ serves: "off", calls: { store: 1, relay: 0 } });
  });

  test("nor is a relay asked for a name that anybody may have made up", async () => {
    const fresh = new FakeIsolate(sources);
    const before = sources.count("relay");
    await fresh.asked();
    fresh.askFor("made-up");
    await sources.tick(SPARSE_MS);
    expect(sources.count("relay")).toBe(before);
  });
});

describe("a relay that", () => {
  const kill = () => sources.setKills([aKill("k1")]);

  test("hangs costs its patience once, then it is left alone for a while; the store answers", async () => {
    sources.faults.relay = "hang";
    kill();
    const first = await afterPause();
    expect(first).toMatchObject({ serves: "off", calls: { store: 1, relay: 1 } });
    expect(first.heldMs).toBeLessThanOrEqual(RELAY_PATIENCE_MS + 5);
    expect(first.heldMs).toBeLessThan(WAIT_OVERDUE_MS);
    expect(await afterPause()).toMatchObject({ heldMs: 0, calls: { store: 1, relay: 0 } });
    await sources.tick(RELAY_REST_MS);
    sources.faults.relay = null;
    expect(await afterPause()).toMatchObject({ calls: { store: 0, relay: 1 } });
  });

  test("fails, as one that is evicted or overloaded does, is passed over at once", async () => {
    sources.faults.relay = "error";
    kill();
    expect(await afterPause()).toMatchObject({ serves: "off", heldMs: 0, calls: { store: 1, relay: 1 } });
    expect(await afterPause()).toMatchObject({ calls: { store: 1, relay: 0 } });
  });

  test("has lost its signal, and says so, is passed over", async () => {
    sources.relayHolds = sources.pointer();
    sources.relayAgeMs = RELAYED_STALE_MS;
    kill();
    expect(await afterPause()).toMatchObject({ serves: "off", calls: { store: 1, relay: 1 } });
  });

  test("has lost its signal, and takes what it holds for young, is not believed", async () => {
    sources.relayHolds = sources.pointer();
    sources.relayAgeMs = 60_000;
    sources.relaySaysMs = 0;
    kill();
    expect(await afterPause()).toMatchObject({ serves: "off", calls: { store: 1, relay: 1 } });
  });

  test("is behind what is known here, as another relay's edge may be, is passed over", async () => {
    sources.relayHolds = sources.pointer();
    kill();
    expect(await afterPause(STALE_MS - 1)).toMatchObject({ calls: { relay: 0 } });
    await sources.tick(0);
    expect(await afterPause()).toMatchObject({ serves: "off", calls: { store: 1, relay: 1 } });
  });

  test("is gone together with the store: what is known is served, kills included", async () => {
    kill();
    await afterPause();
    sources.faults.relay = "error";
    sources.faults.store = "error";
    expect((await afterPause()).serves).toBe("off");
  });
});

describe("the age of a relay's copy", () => {
  const pointer = () => ({ ...sources.pointer(), asOf: 10_000 });

  test("counts from the question, by the relay's word or by the store's stamp, whichever makes it older", () => {
    expect(placeRelayed({ pointer: pointer(), ageMs: 400 }, 10_500, 10_520, 0)?.stampedAt).toBe(10_000);
    expect(placeRelayed({ pointer: pointer(), ageMs: 700 }, 10_500, 10_520, 0)?.stampedAt).toBe(9_800);
    // A clock that is behind takes the relay's word.
    expect(placeRelayed({ pointer: pointer(), ageMs: 400 }, 9_500, 9_520, null)?.stampedAt).toBe(9_100);
  });

  test("beyond its bound there is no copy, and of a clock that is far ahead none either", () => {
    expect(placeRelayed({ pointer: pointer(), ageMs: RELAYED_STALE_MS }, 10_000, 10_000, 0)).toBeNull();
    expect(placeRelayed({ pointer: pointer(), ageMs: 0 }, 3_610_000, 3_610_000, null)).toBeNull();
  });
});

describe("stale-while-revalidate", () => {
  beforeEach(async () => {
    sources.setFreshness("stale-while-revalidate");
    await afterPause();
  });

  test("answers at once whatever the pause below a minute, and fetches the newer state behind", async () => {
    for (const pause of [SPARSE_MS, 20_000, 55_000]) {
      const variant = pause === 20_000 ? "on" : "blue";
      const before = served((await isolate.asked()).got);
      sources.publish({ checkout: { variant } });
      sources.setFreshness("stale-while-revalidate");
      expect(await afterPause(pause)).toMatchObject({ serves: before, heldMs: 0 });
      await sources.tick(100);
      expect(served((await isolate.asked()).got)).toBe(variant);
    }
  });

  test("is bounded: beyond a minute a request waits", async () => {
    sources.setKills([aKill("k1")]);
    expect((await afterPause(60_000)).serves).toBe("off");
  });

  test("ends with the setting, and concerns no other environment", async () => {
    sources.publish({ checkout: { variant: "on" } }, { environment: "staging" });
    await afterPause();
    await isolate.asked(3_000, "staging");
    sources.setKills([aKill("k1")], "staging");
    await sources.tick(SPARSE_MS);
    expect(served((await isolate.asked(3_000, "staging")).got)).toBe("off");
    sources.setFreshness("bounded");
    await afterPause();
    await afterPause();
    sources.setKills([aKill("k2")]);
    expect((await afterPause()).serves).toBe("off");
  });
});
