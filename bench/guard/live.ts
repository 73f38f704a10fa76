import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { bucket } from "../../shared/evaluation/bucketing/bucket.ts";
import { guardTests } from "../../shared/guard/statistics/guard-tests.ts";
import { metric, series as seriesSchema } from "../../shared/schema/series.ts";
import { type Server, startServer } from "../../test/process/server.ts";

/*
 * A guard on a running Worker: events go in through /v1/events, the kill comes out of the store, and an evaluation
 * tells when people are safe. Times count from the moment at which the Worker had accepted the event that made the
 * evidence suffice, as the guard's own tests say of the same counts.
 */

const ENVIRONMENT = "production";
/** Of everybody, in parts of SPLIT_TOTAL: a canary of 10 %. */
const SHARE = 10_000;
const CONTROL_FAILS = 0.01;
const TREATMENT_FAILS = 0.05;
const HARMLESS_UNITS = 1_500;
const UNITS_A_BATCH = 50;
const BATCH_EVERY_MS = 100;
const GIVE_UP_MS = 90_000;
const ERRORS = metric.parse({ name: "errors", kind: "error", event: "checkout" });

interface Round {
  units: number;
  /** From the sufficient event's acceptance (ms). */
  decided: number;
  safe: number;
  killedHarmless: boolean;
}

export async function live(rounds: number): Promise<boolean> {
  await using server = await startServer();
  await call(server, "PUT", "/projects/bench", { environments: [ENVIRONMENT] });
  const keys = `/projects/bench/environments/${ENVIRONMENT}/keys`;
  const { key } = (await call(server, "POST", keys, { kind: "server", name: "bench" })) as { key: string };
  console.log(
    `Through /v1/events of a running Worker: a canary of 10 % begins to fail 5 % of its units instead of 1 %.`,
  );
  console.log(`${(UNITS_A_BATCH * 1_000) / BATCH_EVERY_MS} units a second, ${rounds} rounds.\n`);
  const measured: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const one = await oneRound(server, key, `checkout-${round}`);
    measured.push(one);
    console.log(
      `round ${round + 1}: killed after ${one.units} units of the failing release, ${one.decided} ms after the data sufficed; everybody safe after ${one.safe} ms${one.killedHarmless ? ", BUT ALSO WHILE HARMLESS" : ""}`,
    );
  }
  const worst = Math.max(...measured.map(({ decided }) => decided));
  const kept = worst <= 3_000 && measured.every(({ killedHarmless }) => !killedHarmless);
  const middle = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];
  console.log(
    `\n${kept ? "kept" : "BROKEN"}: decided ${middle(measured.map(({ decided }) => decided))} ms (median), ${worst} ms (worst) ≤ 3,000 ms after the data; safe after ${middle(measured.map(({ safe }) => safe))} ms (median), ${Math.max(...measured.map(({ safe }) => safe))} ms (worst)\n`,
  );
  return kept;
}

async function oneRound(server: Server, key: string, flag: string): Promise<Round> {
  const state = `/projects/bench/environments/${ENVIRONMENT}/flags/${flag}`;
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await call(server, "PUT", `/projects/bench/flags/${flag}`, definition);
  const split = [
    { variant: "on", weight: SHARE },
    { variant: "off", weight: 100_000 - SHARE },
  ];
  await call(server, "PUT", state, { enabled: true, rules: [{ id: "canary", when: { all: [] }, serve: { split } }] });
  const guard = (await call(server, "PUT", `${state}/guard`, { metrics: [ERRORS] })) as { run: { entry: number } };
  // The edge must have learned of the series before the first event.
  await sleep(1_500);

  const series = seriesSchema.parse({
    id: "mirror",
    by: "targetingKey",
    startedAt: 0,
    arms: split.map(({ variant, weight }) => ({ variant, share: weight })),
    control: "off",
    windowSeconds: 600,
    outcomes: 1,
    metrics: [ERRORS],
    source: "server",
  });
  const tests = guardTests({ series, alpha: 0.01, stages: 1, entry: guard.run.entry });
  const counts = { on: { units: 0, failed: 0 }, off: { units: 0, failed: 0 } };
  const suffices = () =>
    tests.some(({ logEvidence, bar }) => {
      const sample = (arm: "on" | "off") => ({
        units: counts[arm].units,
        sum: counts[arm].failed,
        sumSquares: counts[arm].failed,
      });
      return logEvidence(sample("on"), sample("off")) >= bar;
    });
  let sent = 0;
  const batch = async (failing: { on: number; off: number }) => {
    const events = Array.from({ length: UNITS_A_BATCH }, () => {
      const unit = { targetingKey: `${flag}-${sent++}` };
      const variant = bucket(flag, unit.targetingKey) < SHARE ? "on" : "off";
      const ok = Math.random() >= failing[variant];
      counts[variant].units++;
      if (!ok) counts[variant].failed++;
      const at = { unit, time: Date.now(), flag };
      return [
        { ...at, id: randomUUID(), type: "exposure", variant },
        { ...at, id: randomUUID(), type: "outcome", metric: "checkout", ok },
      ];
    }).flat();
    const response = await fetch(`${server.url}/v1/events`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ batchId: randomUUID(), sentAt: Date.now(), events }),
    });
    const { accepted } = (await response.json()) as { accepted: number };
    if (accepted !== events.length) throw new Error(`${events.length - accepted} events were not accepted`);
  };
  const treated = Array.from({ length: 1_000 }, (_, index) => `seen-${index}`).find(
    (unit) => bucket(flag, unit) < SHARE,
  ) as string;
  const isSafe = async () => {
    const response = await fetch(`${server.url}/ofrep/v1/evaluate/flags/${flag}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ context: { targetingKey: treated } }),
    });
    return ((await response.json()) as { variant?: string }).variant === "off";
  };
  const killedAt = async () => {
    const { kills } = (await call(server, "GET", state)) as { kills: { at: string }[] };
    return kills[0] ? Date.parse(kills[0].at) : null;
  };

  while (sent < HARMLESS_UNITS) await batch({ on: CONTROL_FAILS, off: CONTROL_FAILS });
  const killedHarmless = (await killedAt()) !== null;
  const began = Date.now();
  const unitsBefore = sent;
  let enough: number | null = suffices() ? Date.now() : null;
  let safe: number | null = null;
  let unitsAtKill = 0;
  const watching = (async () => {
    while (safe === null && Date.now() - began < GIVE_UP_MS) {
      if (await isSafe()) safe = Date.now();
      else await sleep(20);
    }
  })();
  while (safe === null && Date.now() - began < GIVE_UP_MS) {
    const next = sleep(BATCH_EVERY_MS);
    await batch({ on: TREATMENT_FAILS, off: CONTROL_FAILS });
    if (enough === null && suffices()) {
      enough = Date.now();
      unitsAtKill = sent - unitsBefore;
    }
    await next;
  }
  await watching;
  const killed = await killedAt();
  if (killed === null || safe === null || enough === null) throw new Error(`${flag} was not killed`);
  return { units: unitsAtKill, decided: killed - enough, safe: safe - enough, killedHarmless };
}

async function call(server: Server, method: string, route: string, body?: unknown): Promise<unknown> {
  const response = await server.admin(route, { method, ...(body === undefined ? {} : { body }) });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return response.json();
}
