import { beforeEach, expect, test } from "vitest";
import { WaitingPlaces } from "./waiting-places.ts";

const LEASE_MS = 1_000;
let places: WaitingPlaces;
beforeEach(() => {
  places = new WaitingPlaces({ most: 3, mostOfKey: 2, leaseMs: LEASE_MS });
});
const taken = (keys: string[], now = 0) => keys.map((key) => places.take(key, now) !== null);

test("there are so many places, and so many for one key", () => {
  expect(taken(["a", "a", "a", "b", "b"])).toEqual([true, true, false, true, false]);
});

test("a place that is given back is free, once", () => {
  const giveBack = places.take("a", 0);
  taken(["a", "b"]);
  giveBack?.();
  giveBack?.();
  expect(taken(["a", "b"])).toEqual([true, false]);
});

test("a request that never says that it is over holds its place for a lease, and not for ever", () => {
  taken(["a", "a", "b"]);
  expect(taken(["a", "b"], LEASE_MS - 1)).toEqual([false, false]);
  expect(taken(["a", "a", "b"], LEASE_MS)).toEqual([true, true, true]);
});

test("places that were taken before the clock was set back are free", () => {
  taken(["a", "a", "b"], 3_600_000);
  expect(taken(["a", "a", "b"])).toEqual([true, true, true]);
});
