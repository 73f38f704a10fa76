import { beforeEach, describe, expect, test } from "vitest";
import { bucket } from "../../shared/evaluation/bucketing/bucket.ts";
import type { Series } from "../../shared/schema/series.ts";
import { done, newShop } from "../testing/http.ts";
import { anEvent, aSeries, HALVES, observe, send, totalsOf } from "../testing/telemetry.ts";

// Events that come across the border of a stage: each counts in the stage in which its unit was exposed.

const TENTH = [
  { variant: "on", from: 0, to: 10_000 },
  { variant: "off", from: 10_000, to: 100_000 },
];
const MINUTE = 60_000;
/** "off" in either stage. */
const KNOWN = Array.from({ length: 60 }, (_, n) => `known-${n}`).filter((unit) => bucket("public", unit) >= 50_000);
let shop: Awaited<ReturnType<typeof newShop>>;
let now: number;
let first: Series;
let second: Series;

/** A stage of a tenth that began ten minutes ago, and one of a half that has run for one. */
beforeEach(async () => {
  shop = await newShop();
  now = Date.now();
  const share = (on: number) => [
    { variant: "on", share: on },
    { variant: "off", share: 100_000 - on },
  ];
  first = aSeries({ id: `${shop.project}/0`, startedAt: now - 10 * MINUTE, ranges: TENTH, arms: share(10_000) });
  await observe(shop.project, "public", first);
  // So many that each shard has met the stage.
  await send(
    shop.server,
    KNOWN.map((unit) => exposure(unit, "off", now - 5 * MINUTE)),
  );
  second = aSeries({ id: `${shop.project}/1`, startedAt: now - MINUTE, ranges: HALVES, arms: share(50_000) });
  await observe(shop.project, "public", second);
});

const exposure = (unit: string, variant: string, time: number, over = {}) =>
  anEvent("exposure", unit, { flag: "public", variant, time, ...over });
const failure = (unit: string, time: number) => anEvent("outcome", unit, { metric: "checkout", ok: false, time });
/** A unit that the first stage gives "off" and the second "on". */
const between = (n: number): string => {
  for (let at = 0; ; at++) {
    const unit = `between-${n}-${at}`;
    const place = bucket("public", unit);
    if (place >= 10_000 && place < 50_000) return unit;
  }
};
async function counts(series: Series) {
  const { arms, unattributed, mismatched, afterKill } = await totalsOf(shop.project, series.id);
  const of = (variant: string) => {
    const errors = arms[variant]?.metrics.errors;
    return [arms[variant]?.exposed, errors?.kind === "error" ? errors.failures : null];
  };
  return { on: of("on"), off: of("off"), unattributed, mismatched, afterKill };
}
const NOTHING = { on: [0, 0], off: [KNOWN.length, 0], unattributed: 0, mismatched: 0, afterKill: 0 };

describe("after a stage has been gone on from", () => {
  test("an outcome counts where its unit was exposed, however late it comes", async () => {
    await send(shop.server, [failure(KNOWN[0] as string, now - 4 * MINUTE)]);
    expect(await counts(first)).toEqual({ ...NOTHING, off: [KNOWN.length, 1] });
    await send(shop.server, [exposure("newer", bucket("public", "newer") < 50_000 ? "on" : "off", now)]);
    const { on, off } = await counts(second);
    expect([(on[0] ?? 0) + (off[0] ?? 0), on[1], off[1]]).toEqual([1, 0, 0]);
  });

  test("an exposure that comes late counts in the stage in which it happened, by that stage's split", async () => {
    const unit = between(0);
    await send(shop.server, [exposure(unit, "off", now - 2 * MINUTE), failure(unit, now - 2 * MINUTE + 500)]);
    expect(await counts(first)).toEqual({ ...NOTHING, off: [KNOWN.length + 1, 1] });
    await send(shop.server, [exposure(between(1), "on", now)]);
    expect(await counts(second)).toEqual({ ...NOTHING, on: [1, 0], off: [0, 0] });
  });

  test("its outcome may come before it", async () => {
    const unit = between(0);
    await send(shop.server, [failure(unit, now - 2 * MINUTE)]);
    expect(await counts(first)).toEqual({ ...NOTHING, unattributed: 1 });
    await send(shop.server, [exposure(unit, "off", now - 2 * MINUTE - 500)]);
    expect(await counts(first)).toEqual({ ...NOTHING, off: [KNOWN.length + 1, 1] });
  });

  test("what that stage's split did not give is mismatched there, and what another rule gave as well", async () => {
    await send(shop.server, [
      exposure(between(0), "on", now - 2 * MINUTE),
      exposure(between(1), "off", now - 2 * MINUTE, { reason: "TARGETING_MATCH" }),
    ]);
    expect(await counts(first)).toEqual({ ...NOTHING, mismatched: 2 });
  });

  test("what happened before anything ran is of no stage", async () => {
    await send(shop.server, [exposure(between(0), "off", now - 20 * MINUTE), failure(between(0), now - 20 * MINUTE)]);
    expect(await counts(first)).toEqual(NOTHING);
  });
});

test("what happened in a stage that a kill has closed is counted as after the kill", async () => {
  await done("POST", `${shop.state}/public/kill`, {});
  await send(shop.server, [exposure(between(0), "off", now - 2 * MINUTE)]);
  expect(await counts(first)).toEqual({ ...NOTHING, afterKill: 1 });
});
