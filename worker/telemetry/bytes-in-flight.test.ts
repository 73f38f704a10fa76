import { expect, test } from "vitest";
import { BytesInFlight, LEASE_MS } from "./bytes-in-flight.ts";

function room() {
  const clock = { now: 1_000_000 };
  return { clock, bytes: new BytesInFlight(() => clock.now) };
}

test("what is given back is free again, once", () => {
  const { bytes } = room();
  const giveBack = bytes.take(100);
  bytes.take(20);
  expect(bytes.held).toBe(120);
  giveBack();
  giveBack();
  expect(bytes.held).toBe(20);
});

test("what a dead request never gives back is free when its lease ends, and not before", () => {
  const { bytes, clock } = room();
  bytes.take(100);
  clock.now += LEASE_MS / 2;
  const late = bytes.take(20);
  clock.now += LEASE_MS / 2 - 1;
  expect(bytes.held).toBe(120);
  clock.now += 1;
  expect(bytes.held).toBe(20);
  clock.now += LEASE_MS;
  expect(bytes.held).toBe(0);
  late();
  expect(bytes.held).toBe(0);
});

test("a clock that is set back prolongs no lease", () => {
  const { bytes, clock } = room();
  bytes.take(100);
  clock.now -= 3_600_000;
  expect(bytes.held).toBe(0);
});
