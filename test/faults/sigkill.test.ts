import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { WRITE_STEPS } from "../../worker/durable/checkpoint.ts";
import { createStateDir, type Server, startServer } from "../process/server.ts";
import { startFaultServer } from "./fault-server.ts";

// workerd dies by SIGKILL at every step of a write, and starts again on the same state. SIGKILL_RUNS=1000 makes a long
// run of it; each run is a start of the whole server.

const RUNS = Number(process.env.SIGKILL_RUNS ?? 2 * WRITE_STEPS.length);
const STATE = "/projects/shop/environments/production/flags/checkout";
const stateDir = createStateDir();
const faults = await startFaultServer();
const hits = new Map<string, number>();

afterAll(() => {
  faults.close();
  rmSync(stateDir, { recursive: true, force: true });
});

interface State {
  enabled: boolean;
  version: number;
  kills: unknown[];
}
interface Row {
  revision: number;
  previousHash: string;
  hash: string;
}

const start = () => startServer({ stateDir, env: { FAULT_SERVER: faults.url } });
const json = async <T>(answer: Promise<Response>) => (await answer).json() as Promise<T>;

async function audit(server: Server): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: { rows: Row[]; next: number | null } = await json(
      server.admin(`/projects/shop/audit?after=${after}&limit=200`),
    );
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

/** SIGKILL to workerd itself, then to what watches over it. */
async function die(server: Server): Promise<void> {
  for (const line of server.processes()) {
    if (line.includes("workerd")) process.kill(Number.parseInt(line, 10), "SIGKILL");
  }
  await server.kill();
}

/** What an app sees, once it agrees with the store: the outbox's alarm carries on after the restart. */
async function converges(server: Server, key: string, expected: boolean): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await fetch(`${server.url}/ofrep/v1/evaluate/flags/checkout`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: '{"context":{"targetingKey":"u1"}}',
    });
    expect(answer.status).toBeLessThan(500);
    const { value } = (await answer.json()) as { value?: boolean };
    if (value === expected) return true;
    await sleep(100);
  }
  return false;
}

test("killed at any step of a write, nothing acknowledged is lost and nothing half-done is kept", {
  timeout: RUNS * 20_000,
}, async () => {
  let server = await start();
  await server.admin("/projects/shop", { method: "PUT", body: {} });
  const flag = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await server.admin("/projects/shop/flags/checkout", { method: "PUT", body: flag });
  const made = server.admin("/projects/shop/environments/production/keys", {
    method: "POST",
    body: { kind: "server", name: "app" },
  });
  const { key } = await json<{ key: string }>(made);

  for (let run = 0; run < RUNS; run++) {
    const step = WRITE_STEPS[run % WRITE_STEPS.length] as string;
    const before = await json<State>(server.admin(STATE));
    const rowsBefore = await audit(server);
    const killing = Math.floor(run / WRITE_STEPS.length) % 2 === 1;
    const reached = faults.arm(step);
    const write = !killing
      ? server.admin(STATE, { method: "PATCH", body: { enabled: !before.enabled } })
      : server.admin(`${STATE}/${before.kills.length === 0 ? "kill" : "restore"}`, { method: "POST", body: {} });
    const acknowledged = write.then(
      (answer) => answer.ok,
      () => false,
    );
    await reached;
    await die(server);
    hits.set(step, (hits.get(step) ?? 0) + 1);
    faults.release();
    const wasAcknowledged = await acknowledged;

    server = await start();
    const after = await json<State>(server.admin(STATE));
    const rows = await audit(server);
    const there = rows.length > rowsBefore.length;
    // Wholly there or wholly absent: state, kills and audit agree.
    const changed = JSON.stringify([before.enabled, before.kills]) !== JSON.stringify([after.enabled, after.kills]);
    expect({ step, changed }).toEqual({ step, changed: there });
    if (wasAcknowledged) expect({ step, there }).toEqual({ step, there: true });
    if (step === "received" || step === "in-transaction") expect({ step, there }).toEqual({ step, there: false });
    else expect({ step, there }).toEqual({ step, there: true });
    expect(rows.map(({ revision }) => revision)).toEqual(rows.map((_, index) => index + 1));
    for (const [index, row] of rows.entries()) expect(row.previousHash).toBe(rows[index - 1]?.hash ?? "0".repeat(64));
    expect(await converges(server, key, after.enabled && after.kills.length === 0)).toBe(true);
  }
  await server.stop();
  console.log(`killed at: ${[...hits].map(([step, count]) => `${step} ${count}×`).join(", ")}`);
  expect([...hits.keys()].sort()).toEqual([...WRITE_STEPS].sort());
});
