import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { WRITE_STEPS } from "../../worker/objects/kernel/checkpoint.ts";
import { eventually, listen, subscribe } from "../propagation/crowd.ts";
import { ADMIN_TOKEN, type Fleet, is, makeShop, startFleet, until } from "../propagation/fleet.ts";
import { startFaultServer } from "./fault-server.ts";

// workerd dies by SIGKILL at every step of a write, commit → KV → pointer → notice, and starts again on the same state.
// SIGKILL_RUNS=1000 makes a long run of it (npm run test:sigkill).

const RUNS = Number(process.env.SIGKILL_RUNS ?? 25);
/** After the answer nothing of the write is left to do but to tell open streams of it. */
const STEPS = [...WRITE_STEPS, "notice-under-way"] as const;
const STATE = "/projects/shop/environments/production/flags/checkout";
const stateDir = mkdtempSync(path.join(tmpdir(), "blastdoor-sigkill-"));
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

const start = () =>
  startFleet({ stateDir, centres: [{ colo: "FRA", isolates: 1 }], bindings: { FAULT_SERVER: faults.url } });
const edgeOf = (fleet: Fleet) => {
  const [edge] = fleet.isolates;
  if (!edge) throw new Error("no isolate");
  return edge;
};

async function audit(fleet: Fleet): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: { rows: Row[]; next: number | null } = await fleet.admin(
      "GET",
      `/projects/shop/audit?after=${after}&limit=200`,
    );
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

/** What the stream's client would get now, as streams name it: the ETag without its period. */
async function resultNow(fleet: Fleet, key: string): Promise<string> {
  const { etag } = await subscribe(edgeOf(fleet), key, { targetingKey: "u1" });
  return /^"([^-"]*)/.exec(etag ?? "")?.[1] as string;
}

/** Whether the write was acknowledged. */
async function write(fleet: Fleet, before: State, killing: boolean): Promise<boolean> {
  const lifted = before.kills.length > 0;
  const [method, route, body] = killing
    ? (["POST", `${STATE}/${lifted ? "restore" : "kill"}`, {}] as const)
    : (["PATCH", STATE, { enabled: !before.enabled }] as const);
  try {
    const answer = await fetch(new URL(`/api/v1${route}`, fleet.store.url), {
      method,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}

test("killed at any step of a write, nothing acknowledged is lost, nothing half-done is kept, and no client is left behind", {
  timeout: 60_000 + RUNS * 20_000,
}, async () => {
  let fleet = await start();
  const shop = await makeShop(fleet);
  await until(edgeOf(fleet), shop.client, is(true));
  const { uri } = await subscribe(edgeOf(fleet), shop.client, { targetingKey: "u1" });

  for (let run = 0; run < RUNS; run++) {
    const step = STEPS[run % STEPS.length] as (typeof STEPS)[number];
    const killing = Math.floor(run / STEPS.length) % 2 === 1;
    const before = await fleet.admin<State>("GET", STATE);
    const rowsBefore = await audit(fleet);
    const has = await resultNow(fleet, shop.client);
    const stream = listen(edgeOf(fleet), uri as string, { "Last-Event-ID": has });
    await eventually(() => stream.text.includes(": open"));

    const reached = faults.arm(step);
    const acknowledging = write(fleet, before, killing);
    if (step === "notice-under-way") {
      expect(await acknowledging).toBe(true);
      await sleep(Math.random() * 600);
    } else await reached;
    fleet.kill();
    hits.set(step, (hits.get(step) ?? 0) + 1);
    faults.release();
    const acknowledged = await acknowledging;
    await eventually(() => stream.ended);
    await fleet[Symbol.asyncDispose]();

    fleet = await start();
    const after = await fleet.admin<State>("GET", STATE);
    const rows = await audit(fleet);
    const there = rows.length > rowsBefore.length;
    // Wholly there or wholly absent: state, kills and audit agree.
    const changed = JSON.stringify([before.enabled, before.kills]) !== JSON.stringify([after.enabled, after.kills]);
    expect({ run, step, changed }).toEqual({ run, step, changed: there });
    const inTime = step === "received" || step === "in-transaction";
    expect({ run, step, there }).toEqual({ run, step, there: !inTime });
    if (acknowledged) expect({ run, step, there }).toEqual({ run, step, there: true });
    expect(rows.map(({ revision }) => revision)).toEqual(rows.map((_, index) => index + 1));
    for (const [index, row] of rows.entries()) expect(row.previousHash).toBe(rows[index - 1]?.hash ?? "0".repeat(64));
    // Apps see what the store knows: the outbox's alarm carries on.
    const value = after.enabled && after.kills.length === 0;
    await until(edgeOf(fleet), shop.client, is(value));

    // A client that comes back saying what it has hears of what it missed while nobody could tell it.
    const result = await resultNow(fleet, shop.client);
    const told = stream.told.at(-1)?.etag ?? has;
    const back = listen(edgeOf(fleet), uri as string, { "Last-Event-ID": told });
    await eventually(() => back.text.includes(": open"));
    if (result !== told) await eventually(() => back.told.at(-1)?.etag === result);
    back.drop();
  }
  await fleet[Symbol.asyncDispose]();
  console.log(`killed at: ${[...hits].map(([step, count]) => `${step} ${count}×`).join(", ")}`);
  expect([...hits.keys()].sort()).toEqual([...STEPS].sort());
});
