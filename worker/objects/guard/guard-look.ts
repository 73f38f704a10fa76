import { assess } from "../../../shared/guard/statistics/assess.ts";
import { type GuardTest, guardTests, type Observation } from "../../../shared/guard/statistics/guard-tests.ts";
import { ownOf } from "../../../shared/own.ts";
import { stageHolds } from "../../../shared/release/advance.ts";
import type { StageHold } from "../../../shared/schema/guard.ts";
import type { SeriesTotals, TotalsAnswer } from "../../../shared/schema/telemetry.ts";
import type { Result } from "../../result.ts";
import type { Findings, Watch } from "./guard-book.ts";

/**
 * One look at everything that is watched. Every effect is a function, so that each failure can be tried. Nothing is
 * decided on a part of the counts; what a breach sets off carries an id made of its series, so looking twice, or dying
 * in between and looking again, does it once.
 */
export interface LookDeps {
  now(): number;
  watches(): Watch[];
  /** Counts over all shards. Throws when a shard does not answer. */
  totals(seriesIds: string[]): Promise<TotalsAnswer>;
  /** Rates of the control in an earlier series of the flag, for a series without one. */
  baseline(watch: Watch): Observation["baseline"];
  tests(observation: Observation): readonly GuardTest[];
  save(watch: Watch): void;
  chart(watch: Watch, now: number): void;
  /** Distinct other flags that were stopped lately; at the cap a person is asked. */
  mayKill(flag: string): boolean;
  /** Lets audit and webhooks know of a breach that is not acted upon. Throws when the store does not answer. */
  tell(watch: Watch, waiting: boolean): Promise<Result<unknown>>;
  /** Carries a breach out: kill, or step back. Throws when the store does not answer: the next look tries again. */
  act(watch: Watch): Promise<Result<unknown>>;
  /** Asks the plan to go on; it refuses by itself while it must not. */
  advance(watch: Watch): Promise<void>;
  report(event: Record<string, unknown> & { event: string }): void;
}

/** A plan that did not go on is asked again after this long (ms). */
const ADVANCE_RETRY_MS = 5_000;

const NOTHING: SeriesTotals = {
  arms: {},
  clientArms: {},
  unattributed: 0,
  afterKill: 0,
  excluded: { staff: 0, bot: 0, preview: 0, synthetic: 0 },
  mismatched: 0,
  conflicting: 0,
};

export async function lookAtAll(deps: LookDeps): Promise<void> {
  const watches = deps.watches();
  if (watches.length === 0) return;
  const totals = await deps.totals(watches.map(({ series }) => series));
  for (const watch of watches) {
    try {
      await look(watch, ownOf(totals.series, watch.series) ?? NOTHING, deps);
    } catch (error) {
      // One flag's trouble must not leave the others unguarded.
      deps.report({ event: "guard-failed", series: watch.series, error: String(error) });
    }
  }
}

async function look(watch: Watch, totals: SeriesTotals, deps: LookDeps): Promise<void> {
  const now = deps.now();
  const observation: Observation = { ...watch.body, baseline: deps.baseline(watch) };
  const found = assess(observation, deps.tests(observation), totals, watch.memory, new Date(now).toISOString());
  const { excluded } = totals;
  const findings: Findings = {
    checkedAt: now,
    state: watch.breach ? "breached" : found.state,
    tiles: found.tiles,
    clientAlerts: found.clientAlerts,
    mismatch: found.mismatch,
    exposed: found.exposed,
    reported: found.reported,
    apart: {
      unattributed: totals.unattributed,
      afterKill: totals.afterKill,
      mismatched: totals.mismatched + totals.conflicting,
      excluded: excluded.staff + excluded.bot + excluded.preview + excluded.synthetic,
    },
  };
  const next: Watch = { ...watch, memory: found.memory, findings, breach: watch.breach ?? found.breach };
  // First written down, then done: an object that dies in between finds it and does it.
  deps.save(next);
  deps.chart(next, now);
  if (next.breach) return answerBreach(next, now, deps);
  if (next.body.plan?.automatic && now >= next.advanceAt && holdsOf(next)?.length === 0) {
    deps.save({ ...next, advanceAt: now + ADVANCE_RETRY_MS });
    await deps.advance(next);
  }
}

async function answerBreach(watch: Watch, now: number, deps: LookDeps): Promise<void> {
  const { onBreach, flag, series } = watch.body;
  if (watch.acted) return;
  const settle = (outcome: "done" | "waiting" | "told" | "refused", detail: string) => {
    deps.save({ ...watch, acted: { outcome, at: now, detail } });
    deps.report({ event: "guard-breached", flag, series: series.id, outcome, detail });
  };
  // Only what servers say may stop a release.
  if (onBreach === "alert" || series.source !== "server") {
    await deps.tell(watch, false);
    return settle("told", "");
  }
  if (!deps.mayKill(flag)) {
    await deps.tell(watch, true);
    return settle("waiting", "the cap on automatic kills is reached");
  }
  const result = await deps.act(watch);
  settle(result.ok ? "done" : "refused", result.ok ? "" : result.rejection.code);
}

/** What keeps a plan's stage where it is by what the latest look found; null before the first one, and without a plan. */
export function holdsOf({ body, findings }: Watch): StageHold[] | null {
  if (!findings || !body.plan) return null;
  const { tiles, exposed, reported = {} } = findings;
  return stageHolds({ series: body.series, minimumUnits: body.plan.minimumUnits, exposed, reported, tiles });
}

/** Prepares each observation's tests once; they depend on nothing that changes while it runs. */
export function preparedTests(): (observation: Observation) => readonly GuardTest[] {
  const known = new Map<string, { mark: string; tests: readonly GuardTest[] }>();
  return (observation) => {
    const mark = JSON.stringify(observation);
    const found = known.get(observation.series.id);
    if (found?.mark === mark) return found.tests;
    const tests = guardTests(observation);
    known.set(observation.series.id, { mark, tests });
    return tests;
  };
}
