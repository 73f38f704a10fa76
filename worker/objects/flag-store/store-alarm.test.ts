import { expect, test } from "vitest";
import { StoreAlarm } from "./store-alarm.ts";

const alarmOf = (due: number[]) => {
  const set: (number | null)[] = [];
  const storage = {
    setAlarm: async (at: number | Date) => void set.push(Number(at)),
    deleteAlarm: async () => void set.push(null),
  };
  return { alarm: new StoreAlarm(storage, () => due), set };
};

test("rings for what is due first", () => {
  const soon = Date.now() + 60_000;
  const { alarm, set } = alarmOf([soon + 1_000, soon, soon + 2_000]);
  alarm.schedule();
  expect(set).toEqual([soon]);
});

test("is taken away when nothing is due", () => {
  const { alarm, set } = alarmOf([]);
  alarm.schedule();
  expect(set).toEqual([null]);
});

test("is never set in the past: what is overdue is due now", () => {
  const before = Date.now();
  const { alarm, set } = alarmOf([before - 3_600_000]);
  alarm.schedule();
  expect(set[0]).toBeGreaterThanOrEqual(before);
});

test("rings two seconds after a write, whatever else is due", () => {
  const { alarm, set } = alarmOf([]);
  alarm.armSafety(1_000);
  expect(set).toEqual([3_000]);
});
