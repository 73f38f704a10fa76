import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { COUNTS } from "../../../shared/cost/counts.ts";
import { storedSlug } from "../../../shared/schema/names.ts";
import type { Series } from "../../../shared/schema/series.ts";
import { env } from "../../testing/bindings.ts";
import { counting } from "../../testing/rows.ts";
import { aSeries } from "../../testing/telemetry.ts";
import type { ShardBatch, ShardEvent } from "./shard-batch.ts";
import { EXPOSURE_KEEP_MS, TelemetryShard } from "./telemetry-shard.ts";

const { rowsAWatchedEvent: ROWS_AN_EVENT, rowsAnUnwatchedEvent: ROWS_AN_UNWATCHED_EVENT } = COUNTS;

const EVENTS_A_BATCH = 200;
/** What a shard gets of it. */
const SHARE = EVENTS_A_BATCH / 4;
const DAY = 86_400_000;
let shards = 0;
let made = 0;

/** Rows written for each event, from the first batch to the last deletion. */
function rowsAnEvent(series: readonly Series[], batches: number, eventsOf: (batch: number) => ShardEvent[]) {
  const project = storedSlug(`rows${++shards}`);
  const stub = env.TELEMETRY_SHARD.get(env.TELEMETRY_SHARD.idFromName(`${project}/production/0`));
  return runInDurableObject(stub, async (_shard: DurableObject, state) => {
    const { state: counted, rows } = counting(state);
    const shard = new TelemetryShard(counted, env);
    const real = Date.now;
    const from = real();
    let events = 0;
    try {
      for (let index = 0; index < batches; index++) {
        Date.now = () => from + index * 1_000;
        const own = eventsOf(index);
        events += own.length;
        const batch = { source: "server", revision: 1, killed: [], events: own, shed: 0 } as const;
        shard.store({
          ...batch,
          series: series.map((one) => ({ flag: "checkout", series: one })),
        } as unknown as ShardBatch);
      }
      for (const days of [1, 2, 3, EXPOSURE_KEEP_MS / DAY + 1, EXPOSURE_KEEP_MS / DAY + 2]) {
        Date.now = () => from + days * DAY;
        await shard.alarm();
      }
    } finally {
      Date.now = real;
      await state.storage.deleteAlarm();
    }
    return rows() / events;
  });
}

const base = (unit: string) => ({
  index: ++made % 10_000,
  unit: unit.padEnd(12, "_"),
  id: String(++made).padEnd(12, "_"),
  rank: 0.5,
  at: Date.now(),
});
const exposed = (unit: string, series?: Series): ShardEvent => ({
  ...base(unit),
  type: "exposure",
  flag: "checkout",
  arm: made % 2,
  marks: [],
  ...(series ? { series: series.id } : {}),
});
const happened = (unit: string): ShardEvent => ({
  ...base(unit),
  type: "outcome",
  metric: "checkout",
  ok: made % 3 === 0,
  latencyMs: 20 + (made % 400),
});
const units = (batch: number, count: number) => Array.from({ length: count }, (_, n) => `${batch}-${n}`);

test("an exposure and an outcome of each unit: a row a unit, and a few a batch", async () => {
  const series = aSeries();
  const rows = await rowsAnEvent([series], 40, (batch) =>
    units(batch, SHARE / 2).flatMap((unit) => [exposed(unit, series), happened(unit)]),
  );
  expect(rows).toBeLessThanOrEqual(ROWS_AN_EVENT);
});

test("one event a unit, in three series: still one row", async () => {
  const series = [aSeries(), aSeries(), aSeries()];
  const rows = await rowsAnEvent(series, 40, (batch) =>
    batch < 20
      ? units(batch, SHARE).map((unit) => exposed(unit, series[batch % 3]))
      : units(batch - 20, SHARE).map((unit) => happened(unit)),
  );
  expect(rows).toBeLessThanOrEqual(ROWS_AN_EVENT);
});

test("a unit that sends thousands of events, and outcomes of people who were never exposed", async () => {
  const series = aSeries();
  const heavy = await rowsAnEvent([series], 40, (batch) => [
    ...(batch === 0 ? [exposed("heavy", series)] : []),
    ...units(batch, SHARE).map(() => happened("heavy")),
  ]);
  expect(heavy).toBeLessThanOrEqual(ROWS_AN_EVENT);
  const strangers = await rowsAnEvent([series], 40, (batch) => units(batch, SHARE).map((unit) => happened(unit)));
  expect(strangers).toBeLessThanOrEqual(ROWS_AN_EVENT);
});

test("events that nothing watches write next to nothing", async () => {
  const rows = await rowsAnEvent([], 200, (batch) =>
    units(batch, SHARE / 2).flatMap((unit) => [exposed(unit), happened(unit)]),
  );
  expect(rows).toBeLessThanOrEqual(ROWS_AN_UNWATCHED_EVENT);
});
