import { parseArgs } from "node:util";
import { assess } from "../../shared/guard/statistics/assess.ts";
import { EMPTY_MEMORY } from "../../shared/guard/statistics/guard-memory.ts";
import { guardTests, type Observation } from "../../shared/guard/statistics/guard-tests.ts";
import { stageHolds } from "../../shared/release/advance.ts";
import { metric, type Series } from "../../shared/schema/series.ts";
import { DEFAULT_GOAL_EVENT, DEFAULT_OUTCOME_EVENT } from "../../shared/telemetry/default-events.ts";
import { readTally } from "../../shared/telemetry/read-tally.ts";
import { recordExposure, recordOutcome, type UnitRecord } from "../../shared/telemetry/tally.ts";
import { GUARDS, guarded } from "./scenarios.ts";
import { random } from "./shoppers.ts";

// The ramp of the mended checkout in virtual time: the same shop, shoppers, counts and guard, without the machine's own
// pauses, so that hundreds of ramps take minutes and what is due to the pool can be told from what is due to the CPU.
//   npm run sim:checkout -- --runs=1000 --pool=4 --stretch=2.5

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1000" },
    pool: { type: "string", default: "40" },
    seed: { type: "string", default: "1" },
    /** By how much the machine lengthens every call of the bank: a busy one fires timers late. */
    stretch: { type: "string", default: "1" },
    /** Pauses of the whole shop per second, and how long one lasts on average (ms). */
    stalls: { type: "string", default: "0" },
    "stall-ms": { type: "string", default: "150" },
  },
});
const POOL_WAIT_MS = 400;
const PER_SECOND = 80;
const METRICS = GUARDS.map((guard) => metric.parse(guard));
/** The stages of the ramp that compare something; at 100 % there is nobody left to compare with. */
const { windowSeconds, stages: PLANNED } = guarded(8, 8);
const STAGES = PLANNED.filter(({ guards }) => guards.length > 0).map((planned) => ({
  share: planned.audience.share,
  units: planned.minimumUnits ?? 0,
  minimumMs: planned.minimumSeconds * 1_000,
}));

/** Virtual time: whatever is due next happens at once. */
class Clock {
  now = 0;
  readonly #due: { at: number; no: number; run: () => void }[] = [];
  #no = 0;
  at(at: number, run: () => void): void {
    const entry = { at, no: this.#no++, run };
    let place = this.#due.length;
    while (place > 0 && (this.#due[place - 1] as { at: number }).at <= at) place--;
    this.#due.splice(place, 0, entry);
  }
  step(): boolean {
    const next = this.#due.pop();
    if (!next) return false;
    this.now = Math.max(this.now, next.at);
    next.run();
    return true;
  }
}

type Pool = { free: number; waiting: { given: () => void }[] };

function ramp(seed: number, size: number, stretch: number, stallsPerSecond: number, stallMs: number) {
  const next = random(seed);
  const exponential = (mean: number) => -Math.log(1 - next()) * mean;
  const clock = new Clock();
  let pausedUntil = 0;
  /** Timers that fall due in a pause fire at its end, as in any event loop. */
  const later = (ms: number, run: () => void) => {
    const fire = () => (clock.now < pausedUntil ? clock.at(pausedUntil, fire) : run());
    clock.at(clock.now + ms, fire);
  };
  const pools: Record<"v1" | "v2", Pool> = { v1: { free: 40, waiting: [] }, v2: { free: size, waiting: [] } };
  const pay = (version: "v1" | "v2", done: (ok: boolean, ms: number) => void) => {
    const from = clock.now;
    const pool = pools[version];
    const bank = () =>
      later(stretch * (version === "v1" ? 30 + next() * 50 : 20 + next() * 40), () => {
        const waiting = pool.waiting.shift();
        if (waiting) waiting.given();
        else pool.free++;
        done(next() >= 0.005, clock.now - from);
      });
    if (pool.free > 0) {
      pool.free--;
      return bank();
    }
    const waiter = { given: bank };
    pool.waiting.push(waiter);
    later(POOL_WAIT_MS, () => {
      const place = pool.waiting.indexOf(waiter);
      if (place < 0) return;
      pool.waiting.splice(place, 1);
      done(false, clock.now - from);
    });
  };

  let stage = 0;
  let series: Series;
  let records: Map<number, UnitRecord>;
  let counters: Map<string, number>;
  let memory = EMPTY_MEMORY;
  let observation: Observation;
  let tests: ReturnType<typeof guardTests>;
  const begin = () => {
    const share = (STAGES[stage] as { share: number }).share;
    series = {
      id: `run/${stage}`,
      by: "targetingKey",
      startedAt: clock.now,
      arms: [
        { variant: "on", share },
        { variant: "off", share: 100_000 - share },
      ],
      control: "off",
      windowSeconds,
      outcomes: 1,
      metrics: METRICS,
      source: "server",
    };
    records = new Map();
    counters = new Map();
    memory = EMPTY_MEMORY;
    observation = { series, alpha: 0.01, stages: PLANNED.length, entry: 1 };
    tests = guardTests(observation);
  };
  begin();
  /** What the shop reports goes out every half second, and belongs to the series of the moment it happened in. */
  const report = (run: (of: Series) => void) => {
    const of = series;
    clock.at((Math.floor(clock.now / 500) + 1) * 500, () => of === series && run(of));
  };

  let people = 0;
  let over: string | null = null;
  const visit = () => {
    const unit = ++people;
    const bucket = next() * 100_000;
    let failed = 0;
    const ask = (page: number): void => {
      const version = bucket < (STAGES[stage] as { share: number }).share ? "v2" : "v1";
      const at = clock.now;
      report((of) => {
        const exposure = { arm: version === "v2" ? 0 : 1, at, arrivedAt: clock.now, revision: 1, marks: [] };
        records.set(unit, recordExposure(of, 0, records.get(unit), exposure, counters));
      });
      if (version === "v1" && page === 1) {
        if (next() < 0.12) return;
        later(next() * 300, () => ask(2));
        return;
      }
      pay(version, (ok, latencyMs) => {
        const paidAt = clock.now;
        report((of) => {
          const record = records.get(unit);
          if (!record) return;
          const common = { at: paidAt, arrivedAt: clock.now };
          recordOutcome(of, 0, record, { event: DEFAULT_OUTCOME_EVENT, ...common, ok, latencyMs }, counters);
          if (ok) recordOutcome(of, 0, record, { event: DEFAULT_GOAL_EVENT, ...common }, counters);
        });
        if (ok || ++failed === 2 || next() >= 0.5) return;
        later(next() * 300, () => ask(page));
      });
    };
    ask(1);
  };
  const arrive = () => {
    visit();
    clock.at(clock.now + exponential(1_000 / PER_SECOND), () => later(0, arrive));
  };
  const pause = () => {
    pausedUntil = Math.max(pausedUntil, clock.now + exponential(stallMs));
    clock.at(clock.now + exponential(1_000 / stallsPerSecond), pause);
  };
  let detail = "";
  const look = () => {
    const totals = readTally(series, counters, clock.now);
    const found = assess(observation, tests, totals, memory, "");
    memory = found.memory;
    if (found.breach) {
      const { metric: name, test, events, units, logEvidence } = found.breach;
      over = `stage ${stage + 1} ${name}/${test}`;
      detail = `v2 ${events.treatment}/${units.treatment} v1 ${events.control}/${units.control} ${logEvidence}`;
      return;
    }
    const { units, minimumMs } = STAGES[stage] as (typeof STAGES)[number];
    const holds = stageHolds({ series, minimumUnits: units, ...found });
    if (clock.now >= series.startedAt + minimumMs && holds.length === 0) {
      if (++stage === STAGES.length) {
        over = "completed";
        return;
      }
      begin();
    }
    clock.at(clock.now + 1_000, look);
  };
  clock.at(0, arrive);
  if (stallsPerSecond > 0) clock.at(exponential(1_000 / stallsPerSecond), pause);
  clock.at(1_000, look);
  while (over === null && clock.now < 300_000) clock.step();
  return { over: over ?? "still running", detail };
}

const counts = new Map<string, { runs: number; example: string }>();
const runs = Number(values.runs);
for (let run = 0; run < runs; run++) {
  const { over, detail } = ramp(
    Number(values.seed) * 1_000_003 + run,
    Number(values.pool),
    Number(values.stretch),
    Number(values.stalls),
    Number(values["stall-ms"]),
  );
  const known = counts.get(over) ?? { runs: 0, example: detail };
  counts.set(over, { ...known, runs: known.runs + 1 });
}
for (const [over, { runs: many, example }] of counts) console.log(`${many} of ${runs}  ${over}  ${example}`);
