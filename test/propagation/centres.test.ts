import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { Centre, Propagation } from "../../shared/schema/propagation.ts";
import { CHANGE_MS, PATIENCE_MS } from "../promises.ts";
import { evaluate, type Fleet, is, makeShop, servedInTime, startFleet, until } from "./fleet.ts";

// Two data centres, one next to the store and one half a world away, each with two isolates.

const stateDir = mkdtempSync(path.join(tmpdir(), "blastdoor-centres-"));
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

const start = () =>
  startFleet({
    stateDir,
    centres: [
      { colo: "FRA", isolates: 2 },
      { colo: "SYD", isolates: 2, storeMs: 280 },
    ],
  });

const ROUTE = "/projects/shop/environments/production/propagation";
const readPropagation = (fleet: Fleet) => fleet.admin<{ last: Propagation; centres: Centre[] }>("GET", ROUTE);
const centresOf = ({ firstServed }: Propagation) => firstServed.map(({ colo }) => colo).sort();

describe("a change in two data centres", () => {
  test("is served by all isolates, is shown with the times of each, and is shown the same after a restart", async () => {
    let before: Propagation | undefined;
    {
      await using fleet = await start();
      const shop = await makeShop(fleet);
      for (const one of fleet.isolates) await until(one, shop.server, is(true));

      const asking = fleet.isolates.map((one) => until(one, shop.server, is(false)));
      const killed = servedInTime(() => shop.kill("checkout"), fleet.isolates, shop.server, is(false));
      await Promise.all([killed, ...asking]);

      // Each centre tells with its next look-up.
      for (const end = Date.now() + PATIENCE_MS; ; ) {
        for (const one of fleet.isolates) expect(await evaluate(one, shop.server)).toMatchObject({ value: false });
        before = (await readPropagation(fleet)).last;
        if (before.firstServed.length === 2 && before.publishedAt !== null) break;
        if (Date.now() > end) throw new Error(`only ${JSON.stringify(before)}`);
        await sleep(100);
      }
      expect(before).toMatchObject({ action: "kill" });
      expect(centresOf(before)).toEqual(["FRA", "SYD"]);
      for (const { at, afterMs } of before.firstServed) {
        expect(Date.parse(at) - Date.parse(before.committedAt)).toBe(afterMs);
        expect(afterMs).toBeGreaterThanOrEqual(0);
        expect(afterMs).toBeLessThanOrEqual(CHANGE_MS);
      }
      expect(before.publishedAfterMs).toBeGreaterThanOrEqual(0);
    }
    await using fleet = await start();
    expect((await readPropagation(fleet)).last).toEqual(before);
  });

  test("a data centre whose cache keeps nothing is found out, is named with its weaker bound, and hears of a kill in time", async () => {
    await using fleet = await start();
    const shop = await makeShop(fleet, "cacheless");
    const far = fleet.isolates.filter(({ colo }) => colo === "SYD");
    for (const one of far) await one.fault({ cache: "miss" });
    for (const one of fleet.isolates) await until(one, shop.server, is(true));
    await servedInTime(() => shop.kill("checkout"), fleet.isolates, shop.server, is(false));
    for (const one of far) expect((await one.observed()).fired["cache:miss"]).toBeGreaterThan(0);
    let centres: Centre[] = [];
    for (const end = Date.now() + PATIENCE_MS; centres.length < 2 && Date.now() < end; ) {
      for (const one of fleet.isolates) await evaluate(one, shop.server);
      const route = "/projects/cacheless/environments/production/propagation";
      centres = (await fleet.admin<{ centres: Centre[] }>("GET", route)).centres;
      await sleep(100);
    }
    expect(centres).toMatchObject([
      { colo: "FRA", cache: "works", warning: null },
      { colo: "SYD", cache: "does-not-work", warning: expect.stringContaining("Each isolate") },
    ]);
  });
});
