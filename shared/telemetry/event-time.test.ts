import { expect, test } from "vitest";
import { clockSkew, eventTime } from "./event-time.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const HOUR = 3_600_000;

/** When an event that happened `ago` ms ago counts, as sent by a clock that is wrong by `off` ms. */
function counted(ago: number, off: number) {
  const skew = clockSkew(NOW + off, NOW);
  return skew === "clock-skew" ? skew : eventTime(NOW - ago + off, skew, NOW);
}

test("a clock that is wrong by up to 24 hours changes nothing", () => {
  for (const off of [-24, -3, 0, 3, 24]) expect(counted(5_000, off * HOUR)).toMatchObject({ at: NOW - 5_000 });
  for (const off of [-25, 25]) expect(counted(5_000, off * HOUR)).toBe("clock-skew");
});

test("an event may come up to 24 hours late", () => {
  expect(counted(24 * HOUR, 0)).toMatchObject({ at: NOW - 24 * HOUR });
  expect(counted(24 * HOUR + 1, 7 * HOUR)).toEqual({ rejected: "too-old" });
});

test("what happened after it was sent happened now, or never", () => {
  expect(counted(-60_000, 0)).toEqual({ at: NOW, shift: -60_000 });
  expect(counted(-6 * 60_000, 2 * HOUR)).toEqual({ rejected: "in-future" });
});

test("without sentAt the sender's clock is believed", () => {
  expect(clockSkew(undefined, NOW)).toBe(0);
});
