import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { bucket } from "../../shared/evaluation/bucketing/bucket.ts";
import type { BreachEvidence, GuardStatus } from "../../shared/schema/guard.ts";
import type { Series } from "../../shared/schema/series.ts";
import type { EventAnswer, SeriesTotals, TelemetryStats } from "../../shared/schema/telemetry.ts";
import { binOf } from "../../shared/telemetry/latency-sketch.ts";
import { CHANGE_MS, PATIENCE_MS, SLACK_MS } from "../promises.ts";
import { type Fleet, type Isolate, makeShop, startFleet } from "../propagation/fleet.ts";

// An attacker with a client key, which is in every browser, makes up events against a release that a guard watches, beside
// the honest traffic of a server. FORGED_EVENTS=1000000 makes a long run of it (npm run test:forged).

const FORGED = Number(process.env.FORGED_EVENTS ?? 60_000);
const FLAG = "/projects/shop/environments/production/flags/checkout";
const FORGERS = 16;
/** A forged batch is so many cells of twelve events. */
const CELLS = 40;
const HONEST_EVERY_MS = 200;
const HONEST_UNITS = 20;
const RETRY_MS = 250;

type Arm = "on" | "off";
interface Sent {
  id: string;
  type: "exposure" | "outcome" | "conversion";
  unit: { targetingKey: string };
  [field: string]: unknown;
}

/**
 * Sends a batch until it is taken, as the documentation tells senders to; what is answered to each event. Without
 * `sentAt` the sender's clock is believed, which it deserves here: it is the server's own.
 */
async function deliver(isolate: Isolate, key: string, events: Sent[], { sentAt = true } = {}) {
  const refused = new Map<Sent, string>();
  const answers: EventAnswer[] = [];
  let waits = 0;
  for (let left = events; left.length > 0; ) {
    const answer = await fetch(new URL("/v1/events", isolate.url), {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
      body: JSON.stringify({ batchId: crypto.randomUUID(), ...(sentAt ? { sentAt: Date.now() } : {}), events: left }),
    });
    const body = (await answer.json()) as EventAnswer & { code?: string };
    if (answer.status !== 202 && answer.status !== 503) throw new Error(`${answer.status} ${JSON.stringify(body)}`);
    let again = left;
    if (body.code === undefined) {
      answers.push(body);
      again = [];
      for (const { index, code } of body.rejected) {
        if (code === "unavailable") again.push(left[index] as Sent);
        else refused.set(left[index] as Sent, code);
      }
    }
    left = again;
    if (left.length > 0) {
      waits++;
      await sleep(RETRY_MS);
    }
  }
  return { refused, answers, waits };
}

/** What an honest count of what was stored comes to. */
class Ledger {
  readonly exposed = new Map<string, Arm>();
  readonly answered = new Set<string>();
  readonly failed = new Set<string>();
  readonly ordered = new Set<string>();

  of(arm: Arm) {
    const count = (units: Set<string>) => [...units].filter((unit) => this.exposed.get(unit) === arm).length;
    return {
      exposed: [...this.exposed.values()].filter((one) => one === arm).length,
      errors: { kind: "error", units: count(this.answered), failures: count(this.failed) },
      orders: count(this.ordered),
    };
  }
}
const read = (totals: SeriesTotals["arms"][string] | undefined) => ({
  exposed: totals?.exposed,
  errors: totals?.metrics.errors,
  orders: totals?.metrics.orders?.kind === "conversion" ? totals.metrics.orders.conversions : null,
});

/**
 * A server that reports its visitors, an outcome ahead of its exposure now and then.
 *
 * @param from number of the first visitor
 * @param harmful whether users with the release fail
 */
function honest(isolate: Isolate, key: string, armOf: (unit: string) => Arm, from: number, harmful: boolean) {
  const ledger = new Ledger();
  let [running, next, waits, events, duplicate] = [true, from, 0, 0, 0];
  const made = () => ({ id: crypto.randomUUID(), time: Date.now() });
  const visit = (n: number): Sent[][] => {
    const unit = { targetingKey: `real-${n}` };
    const variant = armOf(unit.targetingKey);
    const ok = harmful && variant === "on" ? false : n % 20 !== 0;
    ledger.exposed.set(unit.targetingKey, variant);
    ledger.answered.add(unit.targetingKey);
    if (!ok) ledger.failed.add(unit.targetingKey);
    if (n % 3 === 0) ledger.ordered.add(unit.targetingKey);
    const exposure: Sent = { ...made(), type: "exposure", unit, flag: "checkout", variant };
    const outcome: Sent = { ...made(), type: "outcome", unit, metric: "pay", ok, latencyMs: 50 + (n % 40) };
    const order: Sent[] = n % 3 === 0 ? [{ ...made(), type: "conversion", unit, metric: "orders" }] : [];
    return n % 10 === 0 ? [[outcome, ...order], [exposure]] : [[exposure, outcome, ...order]];
  };
  const done = (async () => {
    while (running) {
      const visits = Array.from({ length: HONEST_UNITS }, () => visit(next++));
      for (const part of [0, 1]) {
        const batch = visits.flatMap((one) => one[part] ?? []);
        // Amid the flood a batch may take more than a second: corrected by that, an outcome would come before its exposure.
        const sent = await deliver(isolate, key, batch, { sentAt: false });
        expect([...sent.refused.values()]).toEqual([]);
        waits += sent.waits;
        events += batch.length;
        duplicate += sent.answers.reduce((sum, answer) => sum + answer.duplicate, 0);
      }
      await sleep(HONEST_EVERY_MS);
    }
  })();
  return {
    ledger,
    /** Says no more, and how much it said. */
    end: async () => {
      running = false;
      await done;
      return { people: next - from, next, waits, events, duplicate };
    },
  };
}

/** What forgers sent, and what became of it. */
class Forgery {
  readonly ledger = new Ledger();
  readonly stored = new Set<string>();
  readonly rejected: Record<string, number> = {};
  offered = 0;
  accepted = 0;
  duplicate = 0;
  /** Of `duplicate`, those that were meant to be. */
  replayed = 0;
  unattributed = 0;
  mismatched = 0;
  unavailable = 0;
  readonly #armOf: (unit: string) => Arm;

  constructor(armOf: (unit: string) => Arm) {
    this.#armOf = armOf;
  }

  cell(n: number, forger: number): Sent[] {
    const event = (type: Sent["type"], targetingKey: string, more: object): Sent => ({
      id: crypto.randomUUID(),
      type,
      unit: { targetingKey },
      time: Date.now(),
      ...more,
    });
    const exposure = (unit: string, variant: Arm) => event("exposure", unit, { flag: "checkout", variant });
    const failure = (unit: string) => event("outcome", unit, { metric: "pay", ok: false, latencyMs: 60_000 });
    const other = (unit: string): Arm => (this.#armOf(unit) === "on" ? "off" : "on");
    const [made, victim, own] = [`made-${n}`, `real-${n % 500}`, `forger-${forger}`];
    return [
      // Nobody ever saw them.
      failure(`ghost-${n}`),
      // People made up, failing with the release and content without it.
      exposure(made, this.#armOf(made)),
      event("outcome", made, { metric: "pay", ok: this.#armOf(made) === "off" }),
      exposure(`wrong-${n}`, other(`wrong-${n}`)),
      // People that the server speaks of: failures for them, and the other arm.
      failure(victim),
      exposure(victim, other(victim)),
      // Far too much for oneself.
      exposure(own, this.#armOf(own)),
      failure(own),
      failure(own),
      event("conversion", own, { metric: "orders" }),
      // No events at all.
      event("outcome", own, { metric: "pay", ok: "no" }),
      { ...failure(own), time: Date.now() - 48 * 3_600_000 },
    ];
  }

  note(events: Sent[], { refused, answers }: Awaited<ReturnType<typeof deliver>>): void {
    for (const { accepted, duplicate, rejected } of answers) {
      this.offered += accepted + duplicate + rejected.length;
      this.accepted += accepted;
      this.duplicate += duplicate;
      for (const { code } of rejected) this.rejected[code] = (this.rejected[code] ?? 0) + 1;
    }
    const kept = events.filter((event) => !refused.has(event));
    const fresh = kept.filter(({ id }) => !this.stored.has(id));
    this.replayed += kept.length - fresh.length;
    for (const { id } of fresh) this.stored.add(id);
    const isExposure = ({ type }: Sent) => type === "exposure";
    for (const { unit, variant } of fresh.filter(isExposure)) {
      const { targetingKey } = unit;
      if (variant === this.#armOf(targetingKey)) this.ledger.exposed.set(targetingKey, variant as Arm);
      else this.mismatched++;
    }
    for (const { type, unit, ok } of fresh.filter((event) => !isExposure(event))) {
      const { targetingKey } = unit;
      if (!this.ledger.exposed.has(targetingKey)) this.unattributed++;
      else if (type === "conversion") this.ledger.ordered.add(targetingKey);
      else {
        this.ledger.answered.add(targetingKey);
        if (ok === false) this.ledger.failed.add(targetingKey);
      }
    }
  }
}

async function eventually<T>(read: () => Promise<T>, holds: (value: T) => boolean, limitMs: number): Promise<T> {
  const until = performance.now() + limitMs;
  for (;;) {
    const value = await read();
    if (holds(value)) return value;
    if (performance.now() > until) throw new Error(`after ${limitMs} ms still ${JSON.stringify(value)}`);
    await sleep(200);
  }
}

async function guardedRelease(fleet: Fleet) {
  const shop = await makeShop(fleet);
  await shop.serve("checkout", "off");
  const guards = [
    { kind: "error", name: "errors", event: "pay" },
    { kind: "slow", name: "slow", event: "pay", blockSeconds: 1 },
    { kind: "conversion", name: "orders" },
  ];
  const stages = [{ audience: { share: 50_000 }, minimumSeconds: 36_000, guards }];
  await fleet.admin("PUT", `${FLAG}/plan`, { variant: "on", baseline: "off", stages });
  await fleet.admin("POST", `${FLAG}/plan/start`, {});
  const { series } = await fleet.admin<{ series: Series }>("GET", `${FLAG}/events`);
  const armOf = (unit: string): Arm => {
    const at = bucket("checkout", unit);
    const range = series.ranges?.find(({ from, to }) => at >= from && at < to);
    return range?.variant === "on" ? "on" : "off";
  };
  return { ...shop, armOf };
}

test("forged client events kill nothing and move no number; each is counted for what it is; and real harm is still seen", {
  timeout: 120_000 + FORGED * 2,
}, async () => {
  await using fleet = await startFleet({ centres: [{ colo: "FRA", isolates: 1 }] });
  const edge = fleet.isolates[0] as Isolate;
  const { server, client, armOf } = await guardedRelease(fleet);
  // The edge learns of the stage before anybody reports.
  await sleep(CHANGE_MS + SLACK_MS);
  const forgery = new Forgery(armOf);
  let cells = 0;
  const forge = (goOn: () => boolean) =>
    Promise.all(
      Array.from({ length: FORGERS }, async (_, forger) => {
        for (let batch = 0; goOn(); batch++) {
          const events = Array.from({ length: CELLS }, () => forgery.cell(cells++, forger)).flat();
          forgery.note(events, await deliver(edge, client, events));
          // Every fourth batch comes a second time.
          if (batch % 4 === 0) forgery.note(events, await deliver(edge, client, events));
        }
      }),
    );
  const began = performance.now();
  const shop = honest(edge, server, armOf, 0, false);
  await forge(() => forgery.offered < FORGED);
  const said = await shop.end();
  const seconds = (performance.now() - began) / 1_000;

  // What counts is what the server said, to the last unit.
  const { totals } = await fleet.admin<{ totals: SeriesTotals }>("GET", `${FLAG}/events`);
  for (const arm of ["on", "off"] as const) {
    expect({ arm, ...read(totals.arms[arm]) }).toEqual({ arm, ...shop.ledger.of(arm) });
    const slow = totals.arms[arm]?.metrics.slow;
    const bins = slow?.kind === "slow" ? slow.blocks.flatMap((block) => block.bins) : [];
    expect(Math.max(...bins.map(([bin]) => bin))).toBeLessThanOrEqual(binOf(90));
    expect(bins.reduce((sum, [, units]) => sum + units, 0)).toBe(shop.ledger.of(arm).errors.units);
    expect({ arm, ...read(totals.clientArms[arm]) }).toEqual({ arm, ...forgery.ledger.of(arm) });
  }
  // And everything forged has its name.
  const { unattributed, mismatched, conflicting, afterKill } = totals;
  expect({ unattributed, mismatched, conflicting, afterKill }).toEqual({
    unattributed: forgery.unattributed,
    mismatched: forgery.mismatched,
    conflicting: 0,
    afterKill: 0,
  });
  expect(forgery.rejected["invalid-event"]).toBeGreaterThan(0);
  expect(forgery.rejected["too-old"]).toBeGreaterThan(0);
  // An edge tells a moment later of what it left out.
  const stats = await eventually(
    () => fleet.admin<TelemetryStats>("GET", "/projects/shop/environments/production/events/stats"),
    ({ shed }) => shed.client === (forgery.rejected.shed ?? 0),
    PATIENCE_MS,
  );
  const stored = (source: string) =>
    Object.entries(stats.stored).reduce((sum, [name, count]) => sum + (name.startsWith(source) ? count : 0), 0);
  expect({ ...stats.shed, server_stored: stored("server"), client_stored: stored("client") }).toEqual({
    server: 0,
    client: forgery.rejected.shed ?? 0,
    server_stored: said.events,
    client_stored: forgery.stored.size,
  });
  expect(stats.duplicate).toBe(forgery.duplicate + said.duplicate);
  expect(forgery.replayed).toBeGreaterThan(0);
  // With every answer in time, only what was sent twice is a duplicate.
  if (!forgery.rejected.unavailable) expect(forgery.duplicate).toBe(forgery.replayed);
  expect(stats.traffic.all.exposures).toBe(said.people);

  // The guard has looked at all of it, and lets the release be; it says that browsers tell of harm.
  const people = (status: GuardStatus) => Object.values(status.watch?.exposed ?? {}).reduce((sum, n) => sum + n, 0);
  const { watch } = await eventually(
    () => fleet.admin<GuardStatus>("GET", `${FLAG}/guard`),
    (status) => people(status) === said.people && (status.watch?.clientAlerts.length ?? 0) > 0,
    PATIENCE_MS,
  );
  expect(watch).toMatchObject({ active: true, breach: null });
  expect(watch?.clientAlerts).toContainEqual(expect.objectContaining({ metric: "errors", arm: "on" }));
  expect((await fleet.admin<{ kills: unknown[] }>("GET", FLAG)).kills).toEqual([]);

  // From here on the release does harm, and the forging goes on.
  const bad = honest(edge, server, armOf, said.next, true);
  let forging = true;
  const stillForging = forge(() => forging);
  const killed = await eventually(
    () => fleet.admin<{ kills: unknown[] }>("GET", FLAG),
    ({ kills }) => kills.length > 0,
    3 * PATIENCE_MS,
  ).finally(() => {
    forging = false;
  });
  const [, saw] = await Promise.all([stillForging, bad.end()]);
  expect(killed.kills).toHaveLength(1);
  const after = await fleet.admin<GuardStatus>("GET", `${FLAG}/guard`);
  const breach = after.watch?.breach as BreachEvidence;
  expect(breach).toMatchObject({ metric: "errors", arm: "on" });
  // By no more people than the server spoke of.
  expect(breach.units.treatment + (breach.units.control ?? 0)).toBeLessThanOrEqual(said.people + saw.people);
  console.log(
    `${forgery.offered} forged events (${forgery.accepted} stored, ${forgery.duplicate} duplicate, ` +
      `${JSON.stringify(forgery.rejected)}), the first ${FORGED} beside ${said.people} honest people in ` +
      `${seconds.toFixed(0)} s, of whose batches ${said.waits} had to be sent again; then harm was seen among ` +
      `${breach.units.treatment + (breach.units.control ?? 0) - said.people} people`,
  );
});
