import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { atMost, within } from "./within.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const never = new Promise<string>(() => {});

describe.each([
  ["within", within],
  ["atMost", atMost],
])("%s", (_name, wait) => {
  test("leaves no timer behind when the work is done, or has failed", async () => {
    expect(await wait(60_000, Promise.resolve("done"))).toBe("done");
    await expect(wait(60_000, Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("work that takes longer counts as failed, and leaves no timer behind", async () => {
  const late = within(2_000, never);
  const refused = expect(late).rejects.toThrow("no answer within 2000 ms");
  await vi.advanceTimersByTimeAsync(2_000);
  await refused;
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(0);
});

test("one who waits at most so long goes on when the time is up", async () => {
  const waited = atMost(2_000, never);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await waited).not.toBe("done");
});
