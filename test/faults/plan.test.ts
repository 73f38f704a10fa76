import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PATIENCE_MS } from "../promises.ts";
import { type Fleet, startFleet } from "../propagation/fleet.ts";
import { startFaultServer } from "./fault-server.ts";

// A release under way, while workerd dies by SIGKILL: in mid-stage, and between the steps of going on.

const FLAG = "/projects/shop/environments/production/flags/checkout";
const PLAN = `${FLAG}/plan`;
const STAGE_S = 3;
const SHARES = [10_000, 50_000, 100_000];
const PEOPLE = Array.from({ length: 60 }, (_, index) => `u${index}`);
const stateDir = mkdtempSync(path.join(tmpdir(), "blastdoor-plan-"));
const faults = await startFaultServer();
let fleet: Fleet;
let key: string;

interface Run {
  status: string;
  stage: number;
  entry: number;
  steps: { what: string; stage: number }[];
}

const start = () =>
  startFleet({ stateDir, centres: [{ colo: "FRA", isolates: 1 }], bindings: { FAULT_SERVER: faults.url } });
const run = async () => (await fleet.admin<{ run: Run }>("GET", PLAN)).run;
const post = (action: string, body: object = {}) => fleet.admin("POST", `${PLAN}/${action}`, body);

async function die(): Promise<void> {
  fleet.kill();
  await fleet[Symbol.asyncDispose]();
}

/** Who is served the new checkout. */
async function served(): Promise<Set<string>> {
  const answers = await Promise.all(
    PEOPLE.map(async (person) => {
      const answer = await fetch(new URL("/ofrep/v1/evaluate/flags/checkout", fleet.isolates[0]?.url), {
        method: "POST",
        headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
        body: JSON.stringify({ context: { targetingKey: person } }),
      });
      expect(answer.status).toBe(200);
      return ((await answer.json()) as { value?: boolean }).value ? [person] : [];
    }),
  );
  return new Set(answers.flat());
}

async function reaches(stage: number): Promise<Run> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    const now = await run();
    if (now.stage >= stage || now.status !== "running") return now;
    await sleep(100);
  }
  throw new Error(`the plan did not reach stage ${stage}`);
}

/** Steps that time made, as the audit tells them: each stage that was gone on to. */
async function advances(): Promise<number> {
  const { rows } = await fleet.admin<{ rows: { action: string }[] }>("GET", "/projects/shop/audit?after=0&limit=200");
  return rows.filter(({ action }) => action === "advancePlan").length;
}

beforeAll(async () => {
  fleet = await start();
  await fleet.admin("PUT", "/projects/shop", { environments: ["production"] });
  const flag = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await fleet.admin("PUT", "/projects/shop/flags/checkout", flag);
  const keys = "/projects/shop/environments/production/keys";
  ({ key } = await fleet.admin<{ key: string }>("POST", keys, { kind: "server", name: "app" }));
  // The last stage outlasts the test, so that what is counted is the way there.
  const stages = SHARES.map((share, index) => ({
    audience: { share },
    minimumSeconds: index === SHARES.length - 1 ? 600 : STAGE_S,
  }));
  await fleet.admin("PUT", PLAN, { variant: "on", baseline: "off", stages });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  faults.close();
  rmSync(stateDir, { recursive: true, force: true });
});

test("killed in mid-stage, it goes on after the restart, by one stage, and nobody loses the variant", {
  timeout: 120_000,
}, async () => {
  await post("start");
  const before = await served();
  expect(before.size).toBeGreaterThan(0);
  await sleep(500);
  await die();
  // Longer than all stages together: what is overdue must not be made up for in one go.
  await sleep(3 * STAGE_S * 1_000);
  fleet = await start();
  expect(await reaches(1)).toMatchObject({ status: "running", stage: 1, entry: 2 });
  expect(await advances()).toBe(1);
  const after = await served();
  for (const person of before) expect(after).toContain(person);
});

test("killed between the steps of going on, the step is made once and reaches the edges", {
  timeout: 120_000,
}, async () => {
  // Armed first: on a slow machine the stage may end while people are asked.
  const reached = faults.arm("snapshot-rendered");
  const before = await served();
  await reached;
  await die();
  faults.release();
  fleet = await start();
  const now = await reaches(2);
  expect(now.steps.filter(({ what, stage }) => what === "advanced" && stage === 2)).toHaveLength(1);
  expect(await advances()).toBe(2);
  let after = await served();
  for (const end = Date.now() + PATIENCE_MS; after.size < PEOPLE.length && Date.now() < end; ) {
    await sleep(100);
    after = await served();
  }
  expect(after.size).toBe(PEOPLE.length);
  for (const person of before) expect(after).toContain(person);
});

test("killed while a flag is killed, it stays halted and dark after the restart", { timeout: 120_000 }, async () => {
  await fleet.admin("POST", `${FLAG}/kill`, { comment: "stop" });
  await post("resume", { stage: 0 });
  await die();
  await sleep(2 * STAGE_S * 1_000);
  fleet = await start();
  await sleep(STAGE_S * 1_000);
  expect(await run()).toMatchObject({ stage: 0, status: "running" });
  expect((await served()).size).toBe(0);
});
