import { expect, test } from "vitest";
import { DRILL_LIMIT_MS, type DrillDeps, runDrill } from "./drill.ts";

/** An edge that learns of a command after `delayMs`, on a clock that only waiting moves. */
function world(delayMs: number, broken: Partial<DrillDeps> = {}) {
  const state = { now: 1_000_000, killed: false, changedAt: 0, known: true, restores: 0 };
  const served = () => {
    if (!state.known) return null;
    return state.now - state.changedAt >= delayMs ? state.killed : !state.killed;
  };
  const deps: DrillDeps = {
    now: () => state.now,
    wait: async (ms) => {
      state.now += ms;
    },
    prepare: async () => {
      state.killed = false;
      state.changedAt = -1e9;
    },
    kill: async () => {
      state.killed = true;
      state.changedAt = state.now;
    },
    restore: async () => {
      state.restores++;
      state.killed = false;
      state.changedAt = state.now;
    },
    servedKilled: async () => served(),
    colo: () => "FRA",
    ...broken,
  };
  return { deps, state };
}

test("a drill measures from the command to the edge, both ways, and leaves the canary alive", async () => {
  const { deps, state } = world(600);
  expect(await runDrill(deps)).toMatchObject({ outcome: "passed", killMs: 600, restoreMs: 600, colo: "FRA" });
  expect(state.killed).toBe(false);
});

test("a kill that the edge does not see in time fails the drill, and is restored", async () => {
  const { deps, state } = world(DRILL_LIMIT_MS + 1_000);
  const run = await runDrill(deps);
  expect(run).toMatchObject({ outcome: "failed", killMs: null, problem: expect.stringContaining("seen the kill") });
  expect(state.killed).toBe(false);
});

test("a store that does not answer fails the drill with its words, and the canary is restored all the same", async () => {
  const { deps, state } = world(100, {
    kill: async () => {
      throw new Error("the store did not answer");
    },
  });
  expect(await runDrill(deps)).toMatchObject({ outcome: "failed", problem: "the store did not answer", killMs: null });
  expect(state.restores).toBe(1);
});

test("an edge that never learns of the canary fails the drill before anything is killed", async () => {
  let killed = 0;
  const { deps, state } = world(100, {
    kill: async () => {
      killed++;
    },
  });
  state.known = false;
  expect(await runDrill(deps)).toMatchObject({ outcome: "failed", problem: "the canary never reached this edge" });
  expect(killed).toBe(0);
});
