import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ALARM_RETRY_MS, rearm, runSteps } from "./alarm.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});
const broken = () => {
  throw new Error("disk full");
};

test("every step runs, whichever fails, and the alarm comes again later", async () => {
  const done: string[] = [];
  const step = (name: string) => () => void done.push(name);
  expect(await runSteps({ a: step("a"), b: step("b") })).toBe(1_000);
  expect(await runSteps({ a: broken, b: step("b"), c: async () => broken(), d: step("d") })).toBe(
    1_000 + ALARM_RETRY_MS,
  );
  expect(done).toEqual(["a", "b", "b", "d"]);
});

test.each([
  [null, 1],
  [5_000, 0],
])("an alarm at %s is set anew %d times", async (at, times) => {
  const schedule = vi.fn();
  rearm({ getAlarm: async () => at }, schedule);
  await vi.advanceTimersByTimeAsync(0);
  expect(schedule).toHaveBeenCalledTimes(times);
});

test("one that cannot be set harms nothing else", async () => {
  const schedule = vi.fn(broken);
  rearm({ getAlarm: async () => null }, schedule);
  // A rejection that nobody handles would fail this run.
  await vi.advanceTimersByTimeAsync(0);
  expect(schedule).toHaveBeenCalledOnce();
});
