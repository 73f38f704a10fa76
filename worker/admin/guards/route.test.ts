import { describe, expect, test } from "vitest";
import { bucket } from "../../../shared/evaluation/bucketing/bucket.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { ERRORS, guardedShop, isKilled, look, sendAll, visits } from "../../testing/guards.ts";
import { api, done, evaluate, newShop, newToken } from "../../testing/http.ts";
import { anEvent } from "../../testing/telemetry.ts";

const BAD = { on: 40, off: 2 };
const FINE = { on: 2, off: 2 };

describe("a guard over HTTP", () => {
  test("is made, read back, sent back unchanged, and deleted", async () => {
    const { guard } = await guardedShop();
    const read = await api("GET", guard);
    expect(read.json.guard).toMatchObject({
      metrics: [{ name: "errors", tolerance: 0 }],
      onBreach: "kill",
      alpha: 0.01,
    });
    expect(read.headers.get("ETag")).toBe('"1"');
    expect((await api("PUT", guard, read.json.guard)).json.version).toBe(1);
    expect((await api("DELETE", guard)).status).toBe(204);
    expect((await api("DELETE", guard)).json.code).toBe("guard-not-found");
  });

  test("is listed for its environment and by its flag; to have none is an empty list", async () => {
    const { project, server, at, guard } = await guardedShop();
    const list = async (query = "") => (await done("GET", `${at}/environments/production/guards${query}`)).guards;
    expect(await list("?flag=public")).toEqual([]);
    expect(await list("?flag=no-such-flag")).toEqual([]);
    expect((await api("GET", `${at}/environments/mars/guards`)).json.code).toBe("environment-not-found");
    await sendAll(server, visits(100, FINE));
    await look(project);
    const one = await done("GET", guard);
    expect(one.watch.history["on/errors"]).toHaveLength(1);
    expect(await list("?flag=server-only")).toEqual([one]);
    expect(await list()).toEqual([{ ...one, watch: { ...one.watch, history: {} } }]);
    await done("DELETE", guard);
    expect(await list()).toEqual([]);
    // What was seen last is still told.
    expect(await list("?flag=server-only")).toMatchObject([{ guard: null, watch: { active: false } }]);
  });

  test("names what is wrong", async () => {
    const { state } = await newShop();
    const guard = `${state}/public/guard`;
    expect((await api("GET", guard)).json.code).toBe("guard-not-found");
    for (const [body, field] of [
      [{ metrics: [] }, "metrics"],
      [{ metrics: [ERRORS, ERRORS] }, "metrics"],
      [{ metrics: [ERRORS], control: "green" }, "control"],
      [{ metrics: [ERRORS], rule: "gone" }, "rule"],
      [{ metrics: [{ ...ERRORS, tolerance: -1 }] }, "metrics.0.tolerance"],
    ] as const) {
      const { status, json } = await api("PUT", guard, body);
      expect([status, json.errors?.[0]?.field]).toEqual([422, field]);
    }
  });
});

describe("what arrives at /v1/events", () => {
  test("of a treatment that fails kills the flag, with the numbers in the audit", async () => {
    const { project, server, flag, guard, at } = await guardedShop();
    await sendAll(server, visits(200, BAD));
    await look(project);
    expect(await isKilled(flag)).toBe(true);
    const { rows } = await done("GET", `${at}/audit`);
    const [row] = rows.filter(({ action }: { action: string }) => action === "kill");
    expect(row.actor).toMatchObject({ type: "guard" });
    expect(row.comment).toMatch(/errors: \d+ % of \d+ users with "on" failed, .* of \d+ with the control/);
    const evidence = row.changes.find(({ entity }: { entity: string }) => entity === "kill").after.evidence;
    expect(evidence).toMatchObject({ test: "comparison", metric: "errors", arm: "on" });
    expect(evidence.logEvidence).toBeGreaterThan(Math.log(1 / evidence.alpha));
    expect(evidence.units.treatment + evidence.units.control).toBe(200);
    expect((await done("GET", guard)).watch).toMatchObject({ active: false, state: "breached", breach: evidence });
    const served = async () =>
      new Set(
        await Promise.all(
          ["u0", "u1", "u2", "u3", "u4", "u5"].map(
            async (targetingKey) =>
              (await evaluate(server, { flag: "server-only", context: { targetingKey } })).json.variant,
          ),
        ),
      );
    await expect.poll(served).toEqual(new Set(["off"]));
  });

  test("of a harmless treatment kills nothing; few users leave it inconclusive, with what would have been seen", async () => {
    const { project, server, flag, guard } = await guardedShop();
    await sendAll(server, visits(400, FINE));
    await look(project);
    expect(await isKilled(flag)).toBe(false);
    const { watch } = await done("GET", guard);
    expect(watch).toMatchObject({ active: true, state: "collecting", breach: null, clientAlerts: [], silent: [] });
    expect(watch.tiles).toMatchObject([
      { metric: "errors", verdict: "inconclusive", health: "collecting", basis: "concurrent" },
    ]);
    expect(watch.tiles[0].seen).toBeGreaterThan(watch.tiles[0].rate.control);
    expect(watch.exposed.on + watch.exposed.off).toBe(400);
    const [point] = watch.history["on/errors"];
    expect(point.low).toBeLessThan(point.high);
  });

  test("an outage of both arms kills nothing", async () => {
    const { project, server, flag } = await guardedShop();
    await sendAll(server, visits(300, { on: 90, off: 90 }));
    await look(project);
    expect(await isKilled(flag)).toBe(false);
  });

  test("from client keys alerts, and neither kills nor moves what servers said", async () => {
    const { project, server, client, flag, guard } = await guardedShop();
    await sendAll(server, visits(200, FINE));
    await look(project);
    const before = (await done("GET", guard)).watch.tiles;
    await sendAll(client, visits(1_000, { on: 100, off: 0 }, { prefix: "forged" }));
    // Pretending to be units that servers have reported does not help either.
    await sendAll(client, visits(200, { on: 100, off: 0 }));
    // The shards of client keys are read once in ten seconds.
    const alerts = async () => {
      await look(project);
      return (await done("GET", guard)).watch.clientAlerts;
    };
    await expect.poll(alerts, { interval: 1_000 }).toMatchObject([{ metric: "errors", health: "breached" }]);
    expect(await isKilled(flag)).toBe(false);
    expect((await done("GET", guard)).watch.tiles).toEqual(before);
  });

  test("sent again, and late, counts once", async () => {
    const { project, server, guard } = await guardedShop();
    const events = visits(100, { on: 4, off: 2 });
    for (let time = 0; time < 3; time++) await sendAll(server, events);
    await look(project);
    const [tile] = (await done("GET", guard)).watch.tiles;
    expect(tile.units.treatment + tile.units.control).toBe(100);
  });
});

test("looking again after the kill does it once; a restored flag is watched anew and keeps its people", async () => {
  const { project, server, flag, guard, at } = await guardedShop();
  await sendAll(server, visits(200, BAD));
  // A sender's clock is known to about as long as a request takes: ten seconds are surely before the restore.
  const late = visits(200, BAD, { prefix: "late" }).map((event) => ({ ...event, time: event.time - 10_000 }));
  for (let time = 0; time < 3; time++) await look(project);
  const first = (await done("GET", guard)).watch.series;
  await done("POST", `${flag}/restore`, { comment: "fixed" });
  await sendAll(server, late);
  await look(project);
  expect(await isKilled(flag)).toBe(false);
  const { watch } = await done("GET", guard);
  expect(watch).toMatchObject({ active: true, breach: null });
  expect(watch.series).not.toBe(first);
  const { rows } = await done("GET", `${at}/audit`);
  expect(rows.filter(({ action }: { action: string }) => action === "kill")).toHaveLength(1);
});

test("another share begins another series; an edit that serves the same goes on with the present one", async () => {
  const { flag, guard } = await guardedShop();
  const series = async () => (await done("GET", guard)).guard.run;
  const first = await series();
  await done("PATCH", flag, { killVariant: "off" });
  expect(await series()).toEqual(first);
  const split = [
    { variant: "on", weight: 90_000 },
    { variant: "off", weight: 10_000 },
  ];
  await done("PATCH", flag, { rules: [{ id: "all", when: { all: [] }, serve: { split } }] });
  expect(await series()).toMatchObject({ entry: 2 });
});

test("an alert tells and touches nothing", async () => {
  const { project, server, flag, guard, at } = await guardedShop({ onBreach: "alert" });
  await sendAll(server, visits(200, BAD));
  await look(project);
  expect(await isKilled(flag)).toBe(false);
  expect((await done("GET", guard)).watch).toMatchObject({ active: true, state: "breached" });
  const { rows } = await done("GET", `${at}/audit`);
  expect(rows.at(-1)).toMatchObject({ action: "reportBreach", actor: { type: "guard" } });
  expect(rows.at(-1).changes[0].after).toMatchObject({ waiting: false, evidence: { metric: "errors", arm: "on" } });
});

test("past the cap on automatic kills a breach waits for a person, who lets it happen with one call", async () => {
  const { project, server, state, guard, flag, at } = await guardedShop();
  const names = Array.from({ length: LIMITS.automaticKills }, (_, index) => `more-${index}`);
  const definition = { type: "string", variants: { on: "yes", off: "no" }, offVariant: "off" };
  const { rules } = await done("GET", flag);
  for (const name of names) {
    await done("PUT", `${at}/flags/${name}`, definition);
    await done("PUT", `${state}/${name}`, { enabled: true, rules });
    await done("PUT", `${state}/${name}/guard`, { metrics: [ERRORS] });
  }
  for (const name of names) await sendAll(server, visits(200, BAD, { flag: name, prefix: name }));
  await look(project);
  for (const name of names) expect(await isKilled(`${state}/${name}`)).toBe(true);
  expect((await api("POST", `${guard}/approve`)).json.code).toBe("nothing-to-approve");

  await sendAll(server, visits(200, BAD));
  await look(project);
  expect(await isKilled(flag)).toBe(false);
  expect((await done("GET", guard)).watch.state).toBe("waiting-for-approval");
  const { token } = await newToken("marketer");
  expect((await api("POST", `${guard}/approve`, undefined, { token })).status).toBe(403);
  expect(await done("POST", `${guard}/approve`)).toEqual({ done: true });
  expect(await isKilled(flag)).toBe(true);
  const { rows } = await done("GET", `${at}/audit?after=0`);
  const last = rows.filter(({ action }: { action: string }) => action === "kill").at(-1);
  expect(last.comment).toMatch(/^Approved by Administrator\. errors: /);
});

test("a plan goes on when its units are there and its guards are healthy; a breach kills and halts it", async () => {
  const { at, state, server, project } = await newShop();
  await done("PUT", `${at}/flags/checkout`, {
    type: "boolean",
    variants: { on: true, off: false },
    offVariant: "off",
  });
  const flag = `${state}/checkout`;
  await done("PUT", `${flag}/plan`, {
    variant: "on",
    baseline: "off",
    stages: [
      { audience: { share: 50_000 }, guards: [ERRORS], minimumUnits: 100 },
      { audience: { share: 90_000 }, guards: [ERRORS] },
    ],
  });
  await done("POST", `${flag}/plan/start`);
  await sendAll(server, visits(300, FINE, { flag: "checkout" }));
  await look(project);
  const { run } = await done("GET", `${flag}/plan`);
  expect(run).toMatchObject({ stage: 1, status: "running" });
  const steps = await done("GET", `${at}/audit`);
  expect(steps.rows.at(-1)).toMatchObject({ action: "advancePlan", actor: { type: "guard" } });

  const more = await done("GET", `${flag}/guard`);
  expect(more.watch).toMatchObject({ series: `${run.id}/1/2`, active: true });
  const ranges = (await done("GET", flag)).rules.find(({ id }: { id: string }) => id === "plan-share").serve.ranges;
  const armed = (unit: string) =>
    ranges.find(
      ({ from, to }: { from: number; to: number }) => from <= bucket("checkout", unit) && bucket("checkout", unit) < to,
    ).variant;
  // The edge has the new stage when somebody whom it adds is served.
  const added = Array.from({ length: 100 }, (_, index) => `added-${index}`).find(
    (unit) => armed(unit) === "on" && bucket("checkout", unit) >= 50_000,
  );
  const served = async () =>
    (await evaluate(server, { flag: "checkout", context: { targetingKey: added } })).json.variant;
  await expect.poll(served).toBe("on");
  const events = Array.from({ length: 400 }, (_, index) => {
    const unit = `second-${index}`;
    const variant = armed(unit);
    return [
      anEvent("exposure", unit, { flag: "checkout", variant }),
      anEvent("outcome", unit, { metric: "checkout", ok: variant === "off" || index % 2 === 0 }),
    ];
  });
  await sendAll(server, events.flat());
  await look(project);
  expect(await isKilled(flag)).toBe(true);
  expect((await done("GET", `${flag}/plan`)).run).toMatchObject({ status: "halted", halted: "killed", stage: 1 });
});
