import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import type { AuditRow } from "../../shared/schema/admin.ts";
import type { BreachEvidence, GuardStatus } from "../../shared/schema/guard.ts";
import type { PlanView } from "../../shared/schema/plan.ts";
import { GUARD_STEPS, WRITE_STEPS } from "../../worker/objects/kernel/checkpoint.ts";
import { CHANGE_MS, PATIENCE_MS, SLACK_MS } from "../promises.ts";
import { type Fleet, type Isolate, makeShop, startFleet } from "../propagation/fleet.ts";
import { startFaultServer } from "./fault-server.ts";

// workerd dies by SIGKILL at every step between a guard's decision and the end of its kill: the breach written down, the
// store's write of it, the published snapshot, the answer, and the guard's own list without the flag.

const STEPS = [...GUARD_STEPS, ...WRITE_STEPS] as const;
/** GUARD_SIGKILL_RUNS=100 makes a long run of it. */
const RUNS = Number(process.env.GUARD_SIGKILL_RUNS ?? STEPS.length);
const FLAG = "/projects/shop/environments/production/flags/checkout";
const PEOPLE = Array.from({ length: 60 }, (_, index) => `u${index}`);
/** Looks that a guard surely takes in it (ms), and the store's alarm for what was left undone. */
const SETTLE_MS = 3_000;
const stateDir = mkdtempSync(path.join(tmpdir(), "blastdoor-guard-sigkill-"));
const faults = await startFaultServer();

afterAll(() => {
  faults.close();
  rmSync(stateDir, { recursive: true, force: true });
});

const start = () =>
  startFleet({ stateDir, centres: [{ colo: "FRA", isolates: 1 }], bindings: { FAULT_SERVER: faults.url } });
const edgeOf = ({ isolates: [edge] }: Fleet): Isolate => edge as Isolate;

async function post<T>(isolate: Isolate, route: string, key: string, body: object): Promise<T> {
  const answer = await fetch(new URL(route, isolate.url), {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${route} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

interface Served {
  variant: string;
  metadata?: { ruleId?: string };
}
const ask = (isolate: Isolate, key: string, targetingKey: string) =>
  post<Served>(isolate, "/ofrep/v1/evaluate/flags/checkout", key, { context: { targetingKey } });

/** Every user is evaluated and reported. Users with the release fail. */
async function harm(isolate: Isolate, key: string): Promise<void> {
  const events = await Promise.all(
    PEOPLE.map(async (targetingKey) => {
      const { variant, metadata } = await ask(isolate, key, targetingKey);
      const common = { unit: { targetingKey }, time: Date.now() };
      return [
        { ...common, id: crypto.randomUUID(), type: "exposure", flag: "checkout", variant, rule: metadata?.ruleId },
        { ...common, id: crypto.randomUUID(), type: "outcome", metric: "pay", ok: variant === "off" },
      ];
    }),
  );
  const batch = { batchId: crypto.randomUUID(), sentAt: Date.now(), events: events.flat() };
  expect(await post(isolate, "/v1/events", key, batch)).toMatchObject({ accepted: 2 * PEOPLE.length, duplicate: 0 });
}

async function audit(fleet: Fleet): Promise<AuditRow[]> {
  const rows: AuditRow[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: { rows: AuditRow[]; next: number | null } = await fleet.admin(
      "GET",
      `/projects/shop/audit?after=${after}&limit=200`,
    );
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

const view = async (fleet: Fleet) => {
  const state = await fleet.admin<{ kills: unknown[] }>("GET", FLAG);
  const { run } = await fleet.admin<PlanView>("GET", `${FLAG}/plan`);
  const { watch } = await fleet.admin<GuardStatus>("GET", `${FLAG}/guard`);
  return { kills: state.kills, run, watch };
};

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(100)) if (await holds()) return;
  throw new Error(`it did not come to that within ${PATIENCE_MS} ms`);
}

test("killed at any step of a guard's kill, the flag is killed once, with its numbers, its plan halted and its guard at rest", {
  timeout: 60_000 + RUNS * 40_000,
}, async () => {
  let fleet = await start();
  const { server, serve } = await makeShop(fleet);
  await serve("checkout", "off");
  const guards = [{ kind: "error", name: "errors", event: "pay" }];
  const stages = [{ audience: { share: 50_000 }, minimumSeconds: 3_600, guards }];
  await fleet.admin("PUT", `${FLAG}/plan`, { variant: "on", baseline: "off", stages });
  await fleet.admin("POST", `${FLAG}/plan/start`, {});
  const hits: string[] = [];

  for (let run = 0; run < RUNS; run++) {
    const step = STEPS[run % STEPS.length] as (typeof STEPS)[number];
    await eventually(async () => (await view(fleet)).watch?.active === true);
    const { watch } = await view(fleet);
    const rowsBefore = (await audit(fleet)).length;
    await eventually(async () => (await ask(edgeOf(fleet), server, "u0")).variant !== undefined);
    // The edge tells of the new stage once it knows of it.
    await sleep(CHANGE_MS + SLACK_MS);

    const reached = faults.arm(step);
    await harm(edgeOf(fleet), server);
    await reached;
    fleet.kill();
    hits.push(step);
    faults.release();
    await fleet[Symbol.asyncDispose]();

    fleet = await start();
    await eventually(async () => {
      const served = await Promise.all(PEOPLE.map((person) => ask(edgeOf(fleet), server, person)));
      return served.every(({ variant }) => variant === "off");
    });
    await sleep(SETTLE_MS);
    const after = await view(fleet);
    const rows = await audit(fleet);
    const told = rows.slice(rowsBefore);
    expect({ run, step, actions: told.map(({ action }) => action) }).toEqual({ run, step, actions: ["kill"] });
    expect(rows.map(({ revision }) => revision)).toEqual(rows.map((_, index) => index + 1));
    expect(after.kills).toHaveLength(1);
    const killed = told[0]?.changes.find(({ entity }) => entity === "kill")?.after as { evidence?: BreachEvidence };
    const { evidence } = killed;
    expect(evidence).toMatchObject({ series: watch?.series, metric: "errors", arm: "on", test: expect.any(String) });
    // A look may fall between the shards' counting, and some are enough.
    const units = (evidence?.units.treatment ?? 0) + (evidence?.units.control ?? 0);
    expect(units).toBeGreaterThan(0);
    expect(units).toBeLessThanOrEqual(PEOPLE.length);
    expect(told[0]).toMatchObject({ actor: { type: "guard" }, comment: expect.stringContaining("errors") });
    expect(after.run).toMatchObject({ status: "halted", stage: 0 });
    expect(after.watch).toMatchObject({ series: watch?.series, active: false, state: "breached", breach: evidence });

    await fleet.admin("POST", `${FLAG}/plan/resume`, { stage: 0 });
    await fleet.admin("POST", `${FLAG}/restore`, { comment: "next" });
    expect((await view(fleet)).kills).toEqual([]);
  }
  await fleet[Symbol.asyncDispose]();
  expect([...new Set(hits)].sort()).toEqual([...STEPS].slice(0, RUNS).sort());
});
