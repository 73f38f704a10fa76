import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CHANGE_MS, PATIENCE_MS, SLACK_MS } from "../promises.ts";
import { evaluate, type Fleet, is, makeShop, servedInTime, startFleet, until } from "./fleet.ts";

// Over a killed flag, on the running Worker: revert, promote, a schedule and PUT in half of their 24 orders, each in a
// project of its own, watched by two isolates all the while. worker/objects/flag-store/decide/every-order.test.ts tries them all.

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ centres: [{ colo: "FRA", isolates: 2 }] });
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

const LIVE = { enabled: true, rules: [], fallthrough: { variant: "on" } };
const steps = ["revert", "promote", "schedule", "put"] as const;
const orders: string[][] = steps.flatMap((a) =>
  steps
    .flatMap((b) => steps.flatMap((c) => steps.map((d) => [a, b, c, d])))
    .filter((order) => new Set(order).size === 4),
);

async function run(order: string[], index: number): Promise<void> {
  const shop = await makeShop(fleet, `orders-${index}`);
  const project = `/projects/${shop.project}`;
  const state = `${project}/environments/production/flags/checkout`;
  const { revision } = await fleet.admin<{ revision: number }>("GET", project);
  const exported = await fleet.admin("GET", `${project}/export`);
  for (const one of fleet.isolates) await until(one, shop.server, is(true));
  await servedInTime(() => shop.kill("checkout"), fleet.isolates, shop.server, is(false));

  const going = new AbortController();
  let looks = 0;
  const watching = fleet.isolates.map(async (one) => {
    for (; !going.signal.aborted; await sleep(100)) {
      expect({ order, ...(await evaluate(one, shop.server)) }).toMatchObject({ order, status: 200, value: false });
      looks++;
    }
  });
  const act: Record<string, () => Promise<unknown>> = {
    revert: () => fleet.admin("POST", `${project}/revert`, { version: revision }),
    promote: () => fleet.admin("POST", `${project}/import?dryRun=false`, exported),
    put: () => fleet.admin("PUT", state, LIVE),
    schedule: async () => {
      // Far enough ahead for a busy machine to take it, and then carried out for certain, however late.
      const at = new Date(Date.now() + 4_000).toISOString();
      const { id } = await fleet.admin<{ id: string }>("POST", `${state}/schedules`, { at, patch: { enabled: true } });
      const status = async () => {
        type Listed = { schedules: { id: string; status: string }[] };
        const { schedules } = await fleet.admin<Listed>("GET", `${state}/schedules`);
        return schedules.find((one) => one.id === id)?.status;
      };
      await expect.poll(status, { timeout: PATIENCE_MS, interval: 200 }).toBe("applied");
    },
  };
  for (const step of order) {
    await act[step]?.();
    await sleep(200);
  }
  // Longer than anything takes to arrive.
  await sleep(CHANGE_MS + SLACK_MS);
  going.abort();
  await Promise.all(watching);
  expect(looks).toBeGreaterThan(order.length);
  await servedInTime(() => shop.restore("checkout"), fleet.isolates, shop.server, is(true));
}

test("only a restore lifts a kill: not a revert, a promotion, a schedule or a PUT, in whatever order they come", async () => {
  expect(orders).toHaveLength(24);
  // Every other one, all at the same time.
  await Promise.all(orders.filter((_, index) => index % 2 === 0).map(run));
});
