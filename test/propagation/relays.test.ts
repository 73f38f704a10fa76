import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { BOUND_MS } from "../../worker/evaluation/edge/pointer-lane.ts";
import type { Faults } from "../../worker/testing/faults.ts";
import { evaluate, is, makeShop, startFleet, until } from "./fleet.ts";

/** Longer than what is known stays good: isolates with little traffic, which have to ask. */
const PAUSE_MS = BOUND_MS + 100;
const FAULTS: readonly Faults["relay"][] = [undefined, "hang", "throw", "overloaded", "stale"];

test("with little traffic far from the store the relay answers, and whatever becomes of it, each request that begins two seconds after a kill knows of it", async () => {
  await using fleet = await startFleet({
    centres: [
      { colo: "FRA", isolates: 1 },
      { colo: "SYD", continent: "OC", isolates: FAULTS.length, storeMs: 280 },
    ],
  });
  const shop = await makeShop(fleet);
  const far = fleet.isolates.filter(({ colo }) => colo === "SYD");
  for (const [index, one] of far.entries()) {
    const relay = FAULTS[index];
    // Without the centre's cache each isolate has to find out by itself.
    await one.fault({ cache: "miss", ...(relay ? { relay } : {}) });
  }
  const afterPause = async () => {
    await sleep(PAUSE_MS);
    return Promise.all(far.map((one) => evaluate(one, shop.server)));
  };
  for (const one of far) await until(one, shop.server, is(true));
  // A relay that nobody has asked yet knows nothing; the question makes the store send it signals.
  await afterPause();
  await afterPause();
  await shop.kill("checkout");
  expect((await afterPause()).map(({ value }) => value)).toEqual(FAULTS.map(() => false));
  for (const [index, one] of far.entries()) {
    const relay = FAULTS[index];
    if (relay) expect((await one.observed()).fired[`relay:${relay}`], relay).toBeGreaterThan(0);
  }
  const answered = async () => {
    await afterPause();
    return (await far[0]?.observed())?.relayCalls.answered;
  };
  await expect.poll(answered).toBeGreaterThan(0);
});
