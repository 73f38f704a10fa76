import { expect, test } from "vitest";
import { EMPTY_MEMORY } from "../../../shared/guard/statistics/guard-memory.ts";
import { metric as metricSchema, series as seriesSchema } from "../../../shared/schema/series.ts";
import type { SeriesTotals, TotalsAnswer } from "../../../shared/schema/telemetry.ts";
import { ok, type Result, reject } from "../../result.ts";
import { findings as findingsSchema, type Watch } from "./guard-book.ts";
import { holdsOf, type LookDeps, lookAtAll, preparedTests } from "./guard-look.ts";
import { guardStateWords } from "./guard-state.ts";

const series = seriesSchema.parse({
  id: "guard-7",
  by: "targetingKey",
  startedAt: 0,
  arms: [
    { variant: "on", share: 50_000 },
    { variant: "off", share: 50_000 },
  ],
  control: "off",
  windowSeconds: 600,
  outcomes: 1,
  metrics: [metricSchema.parse({ name: "errors", kind: "error" })],
  source: "server",
});
const watched = (over: Partial<Watch["body"]> = {}): Watch => ({
  series: over.series?.id ?? series.id,
  active: true,
  body: { flag: "checkout", series, alpha: 0.01, stages: 1, entry: 1, onBreach: "kill", ...over },
  memory: EMPTY_MEMORY,
  findings: null,
  breach: null,
  acted: null,
  advanceAt: 0,
});
const counts = (on: [number, number], off: [number, number]): SeriesTotals => {
  const arm = ([units, failures]: [number, number]) => ({
    exposed: units,
    first: 1,
    last: 2,
    metrics: { errors: { kind: "error" as const, units, failures } },
  });
  return {
    arms: { on: arm(on), off: arm(off) },
    clientArms: {},
    unattributed: 0,
    afterKill: 0,
    excluded: { staff: 0, bot: 0, preview: 0, synthetic: 0 },
    mismatched: 0,
    conflicting: 0,
  };
};
const BAD = counts([300, 120], [300, 6]);
const FINE = counts([300, 6], [300, 6]);

/** A guard's surroundings in memory: what is saved is what the next look starts from. */
function surroundings(start: Watch[], totals: Record<string, SeriesTotals>) {
  const book = new Map(start.map((watch) => [watch.series, watch]));
  const acts: string[] = [];
  const reports: string[] = [];
  const advances: string[] = [];
  const world = {
    now: 1_000,
    acts,
    reports,
    advances,
    book,
    totals,
    shards: "there" as "there" | "gone",
    store: (): Result<unknown> => ok(null),
    cap: false,
    told: [] as string[],
  };
  const deps: LookDeps = {
    now: () => world.now,
    watches: () => [...book.values()].filter(({ active }) => active),
    totals: async (): Promise<TotalsAnswer> => {
      if (world.shards === "gone") throw new Error("a shard did not answer");
      return { series: world.totals, shed: { server: 0, client: 0 } };
    },
    baseline: () => undefined,
    tests: preparedTests(),
    // Through JSON, as SQLite keeps it.
    save: (watch) => void book.set(watch.series, JSON.parse(JSON.stringify(watch))),
    chart: () => undefined,
    mayKill: () => !world.cap,
    act: async ({ series: id }) => {
      const result = world.store();
      acts.push(id);
      return result;
    },
    tell: async ({ series: id }, waiting) => {
      world.told.push(`${id} ${waiting}`);
      return ok(null);
    },
    advance: async ({ series: id }) => void advances.push(id),
    report: ({ event }) => void reports.push(event),
  };
  return { world, look: () => lookAtAll(deps), breached: () => book.get("guard-7")?.breach ?? null };
}

test("a breach is acted upon once, however often the alarm comes", async () => {
  const { world, look } = surroundings([watched()], { "guard-7": BAD });
  for (let time = 0; time < 5; time++) await look();
  expect(world.acts).toEqual(["guard-7"]);
  expect(world.book.get("guard-7")?.acted).toMatchObject({ outcome: "done" });
});

test("while a shard is gone nothing is decided, and afterwards it is", async () => {
  const { world, look, breached } = surroundings([watched()], { "guard-7": BAD });
  world.shards = "gone";
  await expect(look()).rejects.toThrow("shard");
  expect(breached()).toBeNull();
  world.shards = "there";
  await look();
  expect(world.acts).toEqual(["guard-7"]);
});

test("a store that does not answer is asked again with every look, until it has killed", async () => {
  const { world, look, breached } = surroundings([watched()], { "guard-7": BAD });
  world.store = () => {
    throw new Error("restarting");
  };
  for (let time = 0; time < 3; time++) await look();
  expect([world.acts, world.reports]).toEqual([[], ["guard-failed", "guard-failed", "guard-failed"]]);
  expect(breached()).not.toBeNull();
  world.store = () => ok(null);
  for (let time = 0; time < 3; time++) await look();
  expect(world.acts).toEqual(["guard-7"]);
});

test("a breach that was seen stands, also when what follows looks harmless", async () => {
  const { world, look } = surroundings([watched()], { "guard-7": BAD });
  world.store = () => {
    throw new Error("restarting");
  };
  await look();
  world.totals["guard-7"] = FINE;
  world.store = () => ok(null);
  await look();
  expect(world.acts).toEqual(["guard-7"]);
});

test("what the store refuses is not tried again", async () => {
  const { world, look } = surroundings([watched()], { "guard-7": BAD });
  world.store = () => reject({ code: "flag-archived", flag: "checkout" });
  for (let time = 0; time < 3; time++) await look();
  expect(world.acts).toEqual(["guard-7"]);
  expect(world.book.get("guard-7")?.acted).toMatchObject({ outcome: "refused", detail: "flag-archived" });
});

test("one flag's trouble leaves the others guarded", async () => {
  const other = watched({ flag: "banner", series: { ...series, id: "guard-8" } });
  const { world, look } = surroundings([watched(), other], { "guard-7": BAD, "guard-8": BAD });
  let calls = 0;
  world.store = () => {
    if (++calls === 1) throw new Error("restarting");
    return ok(null);
  };
  await look();
  expect(world.acts).toEqual(["guard-8"]);
});

test("a clock that jumps a year ahead or back changes no decision", async () => {
  for (const jump of [-365 * 86_400_000, 365 * 86_400_000]) {
    const calm = surroundings([watched()], { "guard-7": FINE });
    await calm.look();
    calm.world.now += jump;
    await calm.look();
    expect([calm.world.acts, calm.breached()]).toEqual([[], null]);
    calm.world.totals["guard-7"] = BAD;
    await calm.look();
    expect(calm.world.acts).toEqual(["guard-7"]);
  }
});

test("past the cap, and where only an alert is wanted, nothing is stopped", async () => {
  const capped = surroundings([watched()], { "guard-7": BAD });
  capped.world.cap = true;
  await capped.look();
  capped.world.cap = false;
  await capped.look();
  expect([capped.world.acts, capped.world.told]).toEqual([[], ["guard-7 true"]]);
  expect(capped.world.book.get("guard-7")?.acted?.outcome).toBe("waiting");
  for (const over of [{ onBreach: "alert" } as const, { series: { ...series, source: "any" as const } }]) {
    const told = surroundings([watched(over)], { "guard-7": BAD });
    await told.look();
    await told.look();
    expect([told.world.acts, told.world.told]).toEqual([[], ["guard-7 false"]]);
  }
});

test("a plan whose people all stay silent does not go on, and the look says which event is missing", async () => {
  const plan = { run: "plan-3", stage: 1, minimumUnits: 10, automatic: true };
  const silent = metricSchema.parse({ name: "errors", kind: "missing", event: "outcome", afterSeconds: 60 });
  const all = counts([0, 0], [0, 0]);
  for (const arm of Object.values(all.arms)) {
    arm.exposed = 1_750;
    arm.metrics = { errors: { kind: "missing", units: 1_750, failures: 1_750 } };
  }
  const quiet = surroundings([watched({ plan, series: { ...series, metrics: [silent] } })], { "guard-7": all });
  await quiet.look();
  const seen = quiet.world.book.get("guard-7") as Watch;
  expect(quiet.world.advances).toEqual([]);
  expect(holdsOf(seen)).toEqual([{ for: "event", event: "outcome", metrics: ["errors"] }]);
  expect(guardStateWords(seen)).toEqual({
    state: "no-data",
    reason: 'No event "outcome" has arrived from any of 3,500 exposed users, so errors cannot be judged.',
  });
  expect(seen.findings?.tiles).toMatchObject([{ verdict: "no-data", health: "collecting" }]);
});

test("findings of an earlier version are read, and call nothing healthy that was not concluded", () => {
  const tile = {
    ...{ arm: "on", metric: "errors", kind: "error", change: null, confidence: 0.95, tolerated: null },
    ...{ units: { treatment: 9, control: 9 }, events: { treatment: 0, control: 0 } },
    ...{ rate: { treatment: 0, control: 0 }, interval: { low: null, high: null } },
    ...{ basis: "concurrent", health: "healthy", logEvidence: 0, bar: 5, alpha: 0.01 },
  };
  const stored = {
    ...{ checkedAt: 1, state: "healthy", clientAlerts: [], mismatch: null, exposed: { on: 9, off: 9 } },
    tiles: [tile, { ...tile, health: "breached" }],
    apart: { unattributed: 0, afterKill: 0, mismatched: 0, excluded: 0 },
  };
  expect(findingsSchema.parse(stored).tiles.map(({ verdict }) => verdict)).toEqual(["inconclusive", "regression"]);
});

test("a plan goes on when its units are there and no metric shows a regression, and is not asked each second", async () => {
  const plan = { run: "plan-3", stage: 1, minimumUnits: 300, automatic: true };
  const few = surroundings([watched({ plan })], { "guard-7": counts([299, 6], [400, 6]) });
  await few.look();
  expect(few.world.advances).toEqual([]);
  few.world.totals["guard-7"] = FINE;
  for (let time = 0; time < 4; time++) {
    await few.look();
    few.world.now += 1_000;
  }
  expect(few.world.advances).toEqual(["guard-7"]);
  const byHand = surroundings([watched({ plan: { ...plan, automatic: false } })], { "guard-7": FINE });
  await byHand.look();
  expect(byHand.world.advances).toEqual([]);
});
