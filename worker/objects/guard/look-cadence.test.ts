import { expect, test } from "vitest";
import type { TotalsAnswer } from "../../../shared/schema/telemetry.ts";
import type { Watch } from "./guard-book.ts";
import { CLOSE_LOOK_MS, IDLE_LOOK_MS, LOOK_MS, LookCadence } from "./look-cadence.ts";

const NOW = Date.parse("2026-11-30T12:00:00Z");
const counts = (exposed: number) =>
  ({ series: { s: { arms: { on: { exposed } } } }, shed: { server: 0, client: 0 } }) as unknown as TotalsAnswer;
const watch = (logEvidence: number, over: Partial<Watch> = {}) =>
  ({ breach: null, acted: null, findings: { tiles: [{ logEvidence, bar: 10 }] }, ...over }) as unknown as Watch;

test("counts that move are looked at every other second, and counts at rest once a minute", () => {
  const cadence = new LookCadence();
  expect(cadence.next([watch(0)], NOW)).toBe(IDLE_LOOK_MS);
  cadence.note(counts(1), NOW);
  expect(cadence.next([watch(0)], NOW)).toBe(LOOK_MS);
  cadence.note(counts(1), NOW + 29_000);
  expect(cadence.next([watch(0)], NOW + 29_000)).toBe(LOOK_MS);
  expect(cadence.next([watch(0)], NOW + 30_000)).toBe(IDLE_LOOK_MS);
  cadence.note(counts(2), NOW + 90_000);
  expect(cadence.next([watch(0)], NOW + 90_000)).toBe(LOOK_MS);
});

test("a shard's word ends the rest, and only that needs an earlier look", () => {
  const cadence = new LookCadence();
  expect(cadence.wake(NOW)).toBe(true);
  expect(cadence.wake(NOW + 1_000)).toBe(false);
  expect(cadence.next([], NOW + 1_000)).toBe(LOOK_MS);
  expect(cadence.wake(NOW + 40_000)).toBe(true);
});

test("what speaks for harm is looked at each second, at rest too, until a breach is carried out", () => {
  const cadence = new LookCadence();
  const breach = {} as Watch["breach"];
  expect(cadence.next([watch(0), watch(2.5)], NOW)).toBe(CLOSE_LOOK_MS);
  expect(cadence.next([watch(0, { breach })], NOW)).toBe(CLOSE_LOOK_MS);
  const acted = { outcome: "done", at: NOW, detail: "" } as const;
  expect(cadence.next([watch(99, { breach, acted })], NOW)).toBe(IDLE_LOOK_MS);
});

test("a clock that is set back makes nobody look less", () => {
  const cadence = new LookCadence();
  cadence.note(counts(1), NOW);
  expect(cadence.next([watch(0)], NOW - 3_600_000)).toBe(LOOK_MS);
});
