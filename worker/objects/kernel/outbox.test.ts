import { describe, expect, test } from "vitest";
import { backoff, computeNextAlarm, drainOutbox, type OutboxDeps, type PendingPublication } from "./outbox.ts";

/** An outbox in memory that writes down what is done, and fails where told. */
function outbox(pending: PendingPublication[], failing: (step: string) => boolean = () => false) {
  const steps: string[] = [];
  const reach = (step: string) => {
    steps.push(step);
    if (failing(step)) throw new Error(`injected at ${step}`);
  };
  const deps: OutboxDeps = {
    pending: () => pending,
    render: async (environment) => {
      reach(`render ${environment}`);
      const body = `bytes of ${environment}`;
      return { revision: 7, hash: "h", kvKey: `kv/${environment}`, body, blocks: [], blockKeys: [] };
    },
    write: async (_environment, { kvKey, body }) => reach(`write ${kvKey}: ${body}`),
    publish: async (environment, { revision }) => reach(`publish ${environment} ${revision}`),
    postpone: (environment, attempts) => reach(`postpone ${environment || "directory"} ${attempts}`),
    register: async () => reach("register"),
    registered: () => reach("registered"),
    order: async (environment) => reach(`order ${environment}`),
    report: ({ environment, attempts, error }) => reach(`report ${environment || "directory"} ${attempts} ${error}`),
  };
  return { deps, steps };
}
const waiting = (environment: string, attempts = 0): PendingPublication => ({ environment, revision: 7, attempts });

test("KV is written before the pointer moves", async () => {
  const { deps, steps } = outbox([waiting("production")]);
  await drainOutbox(deps);
  expect(steps).toEqual(["render production", "write kv/production: bytes of production", "publish production 7"]);
});

test("a guard is told by its environment, and one that does not answer is told again", async () => {
  const told = outbox([waiting("guard/production")]);
  await drainOutbox(told.deps);
  expect(told.steps).toEqual(["order production"]);
  const deaf = outbox([waiting("guard/production", 1), waiting("production")], (step) => step.startsWith("order"));
  await drainOutbox(deaf.deps);
  expect(deaf.steps).toContain("postpone guard/production 2");
  expect(deaf.steps.at(-1)).toBe("publish production 7");
});

describe.each([
  ["render production", ["render production"]],
  ["write kv/production", ["render production", "write kv/production: bytes of production"]],
  ["publish production", ["render production", "write kv/production: bytes of production", "publish production 7"]],
])("a failure of %s", (step, done) => {
  test("ends that publication there, postpones and reports it, and lets the next go on", async () => {
    const { deps, steps } = outbox([waiting("production", 2), waiting("staging")], (at) => at.startsWith(step));
    await drainOutbox(deps);
    expect(steps.slice(0, done.length)).toEqual(done);
    expect(steps.slice(done.length, done.length + 2)).toEqual([
      "postpone production 3",
      `report production 3 Error: injected at ${done.at(-1)}`,
    ]);
    expect(steps.at(-1)).toBe("publish staging 7");
  });
});

test("the directory is told apart from the snapshots, and its failure holds nothing up", async () => {
  const { deps, steps } = outbox([waiting(""), waiting("production")], (at) => at === "register");
  await drainOutbox(deps);
  expect(steps).toEqual([
    "register",
    "postpone directory 1",
    "report directory 1 Error: injected at register",
    "render production",
    "write kv/production: bytes of production",
    "publish production 7",
  ]);
  const working = outbox([waiting("")]);
  await drainOutbox(working.deps);
  expect(working.steps).toEqual(["register", "registered"]);
});

test("attempts wait longer each time, up to a minute", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 8, 500].map(backoff)).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
  ]);
});

test.each([
  [[], 100, null],
  [[50], 100, 100],
  [[150, 120], 100, 120],
  [[50, 150], 100, 100],
])("with %j due, at %i, the alarm rings at %s", (due, now, at) => {
  expect(computeNextAlarm(due, now)).toBe(at);
});
