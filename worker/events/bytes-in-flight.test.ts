import { expect, test } from "vitest";
import { BODY_LEASE_MS, BytesInFlight, SLOW_MS } from "./bytes-in-flight.ts";

function room() {
  const clock = { now: 1_000_000 };
  return { clock, bytes: new BytesInFlight(() => clock.now) };
}

test("what is given back is free again, once", () => {
  const { bytes } = room();
  const lease = bytes.take(100);
  bytes.take(20);
  expect(bytes.held).toBe(120);
  lease.giveBack();
  lease.giveBack();
  expect(bytes.held).toBe(20);
});

test("what a dead request never gives back is free when its lease ends, and not before", () => {
  const { bytes, clock } = room();
  bytes.take(100);
  clock.now += BODY_LEASE_MS / 2;
  const late = bytes.take(20);
  clock.now += BODY_LEASE_MS / 2 - 1;
  expect(bytes.held).toBe(120);
  clock.now += 1;
  expect(bytes.held).toBe(20);
  clock.now += BODY_LEASE_MS;
  expect(bytes.held).toBe(0);
  late.giveBack();
  expect(bytes.held).toBe(0);
});

test("a clock that is set back prolongs no lease", () => {
  const { bytes, clock } = room();
  bytes.take(100);
  clock.now -= 3_600_000;
  expect(bytes.held).toBe(0);
});

test("a lease grows with what has come, and not after its room went to others", () => {
  const { bytes } = room();
  const lease = bytes.take(10);
  lease.grow(50);
  lease.grow(20);
  expect([lease.bytes, bytes.held]).toEqual([50, 50]);
  lease.giveBack();
  lease.grow(100);
  expect(bytes.held).toBe(0);
});

test("where there is no room, the body that has come for the longest gives way, and neither a quick nor a whole one", () => {
  const { bytes, clock } = room();
  const [whole, oldest, slow] = [bytes.take(1), bytes.take(10), bytes.take(100)];
  clock.now += SLOW_MS;
  const quick = bytes.take(1_000);
  whole.whole();
  expect([bytes.dropSlowest(), oldest.lost, bytes.held]).toEqual([true, true, 1_101]);
  expect([bytes.dropSlowest(), slow.lost, bytes.held]).toEqual([true, true, 1_001]);
  expect([bytes.dropSlowest(), quick.lost, whole.lost]).toEqual([false, false, false]);
  clock.now += SLOW_MS;
  expect([bytes.dropSlowest(), bytes.dropSlowest(), quick.lost, whole.lost]).toEqual([true, false, true, false]);
  oldest.grow(500);
  oldest.giveBack();
  expect(bytes.held).toBe(1);
});
