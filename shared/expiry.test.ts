import { describe, expect, test } from "vitest";
import { dueOf, endOfReplaced, endOfSuccessor, nextDueAt, type WarnDays, warningWithin } from "./expiry.ts";

const DAY = 86_400_000;
const END = 100 * DAY;

describe("a lifetime", () => {
  test.each<[daysLeft: number, warned: WarnDays | undefined, due: ReturnType<typeof dueOf>]>([
    [8, undefined, null],
    [7, undefined, 7],
    [6, 7, null],
    [1, 7, 1],
    [0.5, undefined, 1],
    [0.5, 1, null],
    [0, undefined, "end"],
    [0, 1, "end"],
    [-3, 7, "end"],
  ])("with %d days left and warned %s calls for %s", (daysLeft, warned, due) => {
    expect(dueOf({ expiresAt: END, warned }, END - daysLeft * DAY)).toBe(due);
  });

  test("is looked at when it next calls for something, and each warning is given once", () => {
    let warned: WarnDays | undefined;
    const given: unknown[] = [];
    for (let steps = 0; steps < 5; steps++) {
      const at = nextDueAt({ expiresAt: END, warned });
      const due = dueOf({ expiresAt: END, warned }, at);
      given.push([(END - at) / DAY, due]);
      if (due === "end" || due === null) break;
      warned = due;
    }
    expect(given).toEqual([
      [7, 7],
      [1, 1],
      [0, "end"],
    ]);
  });

  test("that is set short of a warning skips it", () => {
    expect([30, 7, 3, 1, 0.1].map((days) => warningWithin(END, END - days * DAY))).toEqual([undefined, 7, 7, 1, 1]);
  });
});

describe("a rotation", () => {
  const before = { createdAt: 10 * DAY, expiresAt: 40 * DAY };

  test("gives the successor the lifetime that was said, else the one before, anew", () => {
    expect(endOfSuccessor(99 * DAY, before, 20 * DAY)).toBe(99 * DAY);
    expect(endOfSuccessor(null, before, 20 * DAY)).toBeUndefined();
    expect(endOfSuccessor(undefined, before, 20 * DAY)).toBe(50 * DAY);
    expect(endOfSuccessor(undefined, { ...before, expiresAt: undefined }, 20 * DAY)).toBeUndefined();
  });

  test("never lets the one before live longer than it would have", () => {
    expect(endOfReplaced(40 * DAY, 3_600, 20 * DAY)).toBe(20 * DAY + 3_600_000);
    expect(endOfReplaced(40 * DAY, 30 * 86_400, 20 * DAY)).toBe(40 * DAY);
    expect(endOfReplaced(undefined, 0, 20 * DAY)).toBe(20 * DAY);
  });
});
