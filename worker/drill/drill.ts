import { CANARY_FLAG, type DrillRun } from "../../shared/schema/drill.ts";

/** Everything a drill reaches; tests put failures behind it. */
export interface DrillDeps {
  now(): number;
  wait(ms: number): Promise<void>;
  /** Makes sure that the canary is there, on for everybody and not killed. */
  prepare(): Promise<void>;
  kill(): Promise<void>;
  restore(): Promise<void>;
  /** Whether this edge serves the canary as killed, as it would to anybody; null: it does not know the canary. */
  servedKilled(): Promise<boolean | null>;
  colo(): string;
}

/** An edge looks so often (ms), as busy traffic would. */
const LOOK_MS = 50;
/** Longer than this (ms) is a failure: more than twice what the edges promise while refreshes succeed. */
export const DRILL_LIMIT_MS = 5_000;
/** The canary may have been made just now; then its snapshot is still on its way (ms). */
const PREPARE_MS = 15_000;

/**
 * The whole way of a kill, in production, on a flag that nobody needs: command, store, pointer, edge, evaluation; then
 * back. Whatever fails, the canary is restored as far as can be, and the run says what went wrong.
 */
export async function runDrill(deps: DrillDeps): Promise<DrillRun> {
  const startedAt = deps.now();
  const run = { at: new Date(startedAt).toISOString(), flag: CANARY_FLAG, colo: deps.colo() };
  let killMs: number | null = null;
  let restoreMs: number | null = null;
  try {
    await deps.prepare();
    if ((await until(deps, false, PREPARE_MS)) === null) throw new Error("the canary never reached this edge");
    killMs = await timed(deps, () => deps.kill(), true);
    restoreMs = await timed(deps, () => deps.restore(), false);
    const late =
      killMs === null
        ? `the edge had not seen the kill after ${DRILL_LIMIT_MS / 1_000} s`
        : restoreMs === null
          ? `the edge had not seen the restore after ${DRILL_LIMIT_MS / 1_000} s`
          : null;
    return late
      ? { ...run, outcome: "failed", killMs, restoreMs, problem: late }
      : { ...run, outcome: "passed", killMs, restoreMs };
  } catch (error) {
    await deps.restore().catch(() => {});
    const problem = (error instanceof Error ? error.message : String(error)).slice(0, 300);
    return { ...run, outcome: "failed", killMs, restoreMs, problem };
  }
}

/** From before the command until the edge serves it (ms); null: not within the limit. */
async function timed(deps: DrillDeps, command: () => Promise<void>, killed: boolean): Promise<number | null> {
  const began = deps.now();
  await command();
  const seen = await until(deps, killed, DRILL_LIMIT_MS - (deps.now() - began));
  return seen === null ? null : seen - began;
}

/** When the edge first served it so; null: not within `limitMs`. */
async function until(deps: DrillDeps, killed: boolean, limitMs: number): Promise<number | null> {
  const end = deps.now() + limitMs;
  for (;;) {
    if ((await deps.servedKilled()) === killed) return deps.now();
    if (deps.now() >= end) return null;
    await deps.wait(LOOK_MS);
  }
}
