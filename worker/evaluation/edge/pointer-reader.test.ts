import { beforeEach, describe, expect, test } from "vitest";
import { aKill, FakeIsolate, FakeSources, PROJECT } from "../../testing/fake-sources.ts";
import { served } from "../../testing/served.ts";
import { CLAIM_MS, STALE_MS, WAIT_COLD_MS } from "./pointer-lane.ts";

// Isolates of one data centre ask the store one for all: the asking isolate claims it in the cache they share.

let sources: FakeSources;
let isolate: FakeIsolate;
const claimNow = () => {
  sources.claimedAt = sources.time;
};

beforeEach(() => {
  sources = new FakeSources();
  sources.faults.cache = null;
  sources.publish({ checkout: { variant: "on" } });
  isolate = new FakeIsolate(sources);
});

describe("while another isolate of the data centre asks the store", () => {
  test("an isolate waits for its answer instead of asking too, and serves it", async () => {
    await isolate.asked();
    await sources.tick(STALE_MS);
    const asked = sources.count("store");
    sources.setKills([aKill("k1")]);
    claimNow();
    const request = isolate.ask();
    await sources.tick(20);
    await sources.sources.keepPointer(sources.pointer());
    await sources.tick(100);
    expect(served(request.got)).toBe("off");
    expect(sources.count("store")).toBe(asked);
  });

  test("and its answer never comes: the isolate asks by itself, soon after the claim has run out", async () => {
    await isolate.asked();
    await sources.tick(STALE_MS);
    const asked = sources.count("store");
    sources.setKills([aKill("k1")]);
    claimNow();
    isolate.ask();
    await sources.tick(CLAIM_MS + 50);
    expect(sources.count("store")).toBe(asked + 1);
    expect(served((await isolate.asked()).got)).toBe("off");
  });

  test("an isolate that knows nothing waits as well, and is served within two seconds even if the other one dies", async () => {
    claimNow();
    const { got, heldMs } = await isolate.asked();
    expect(served(got)).toBe("on");
    expect(heldMs).toBeGreaterThan(0);
    expect(heldMs).toBeLessThan(WAIT_COLD_MS);
  });

  test("an author's own write is not waited for: nobody else may know of it", async () => {
    await isolate.asked();
    await sources.tick(STALE_MS);
    sources.setKills([aKill("k1")]);
    isolate.edge.require(PROJECT, sources.revision);
    claimNow();
    const { got, heldMs } = await isolate.asked();
    expect([served(got), heldMs]).toEqual(["off", 0]);
  });

  test("and the store is in trouble: nobody asks beside it", async () => {
    await isolate.asked();
    sources.faults.store = "error";
    await sources.tick(STALE_MS);
    await isolate.asked();
    const asked = sources.count("store");
    for (let time = 0; time < 20; time++) {
      claimNow();
      await isolate.asked();
      await sources.tick(200);
    }
    expect(sources.count("store")).toBe(asked);
  });
});

test("a crowd of isolates that start in the same instant asks the store about once", async () => {
  const crowd = Array.from({ length: 50 }, () => new FakeIsolate(sources));
  crowd[0]?.ask();
  await sources.tick(1);
  const requests = crowd.slice(1).map((one) => one.ask());
  await sources.tick(WAIT_COLD_MS);
  expect(requests.map(({ got }) => served(got))).toEqual(requests.map(() => "on"));
  expect(sources.count("store")).toBe(1);
});
