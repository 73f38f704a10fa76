import { beforeEach, describe, expect, test } from "vitest";
import type { Kill } from "../../../shared/schema/snapshot.ts";
import { aKill, FakeIsolate, FakeSources } from "../../testing/fake-sources.ts";
import { served } from "../../testing/served.ts";
import { STALE_MS } from "./pointer-lane.ts";

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

describe("a break-glass kill", () => {
  const breakGlass = (...kills: Kill[]) => {
    sources.breakGlass = { environments: { production: kills } };
  };

  test("is united with the pointer's kills", async () => {
    breakGlass(aKill("bg_1"));
    await sources.tick(15_000);
    expect(await now()).toBe("off");
  });

  test("reaches edges that cannot reach the store", async () => {
    sources.faults.store = "error";
    breakGlass(aKill("bg_1"));
    await sources.tick(5_000);
    await now();
    expect(await now()).toBe("off");
  });

  test("is lifted by the pointer's tombstone although KV still shows it", async () => {
    breakGlass(aKill("bg_1"));
    await sources.tick(15_000);
    expect(await now()).toBe("off");
    sources.setTombstones(["bg_1"]);
    expect(await later()).toBe("on");
  });

  test("stays in force while its document cannot be read", async () => {
    breakGlass(aKill("bg_1"));
    await sources.tick(15_000);
    expect(await now()).toBe("off");
    sources.faults.breakGlass = "error";
    breakGlass();
    await sources.tick(15_000);
    expect(await now()).toBe("off");
    expect(sources.reports).toContain("break-glass-unreadable");
  });

  test("stays in force while an older copy in KV leaves it out, and goes when KV has left it out for two minutes", async () => {
    breakGlass(aKill("bg_1"));
    await sources.tick(15_000);
    expect(await now()).toBe("off");
    breakGlass();
    await sources.tick(60_000);
    await now();
    expect(await now()).toBe("off");
    await sources.tick(60_001);
    await now();
    expect(await now()).toBe("on");
  });

  test("stays in force for as long as KV lists none", async () => {
    breakGlass(aKill("bg_1"));
    await sources.tick(15_000);
    expect(await now()).toBe("off");
    breakGlass();
    sources.breakGlassWhole = false;
    for (let minute = 0; minute < 5; minute++) {
      await sources.tick(60_000);
      await now();
    }
    expect(await now()).toBe("off");
  });
});
