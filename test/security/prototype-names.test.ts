import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assess } from "../../shared/guard/statistics/assess.ts";
import { EMPTY_MEMORY } from "../../shared/guard/statistics/guard-memory.ts";
import { guardTests } from "../../shared/guard/statistics/guard-tests.ts";
import { metric as metricSchema, series as seriesSchema } from "../../shared/schema/series.ts";
import type { ArmTotals, SeriesTotals } from "../../shared/schema/telemetry.ts";
import { readDays, readTally } from "../../shared/telemetry/read-tally.ts";
import { mergeTotals } from "../../shared/telemetry/totals.ts";
import { ADMIN_TOKEN, type Fleet, type Isolate, makeShop, type Shop, startFleet } from "../propagation/fleet.ts";

/*
 * Every plain object answers to the names that all objects have. Such a name from outside must be found where somebody
 * has made it, and nowhere else.
 */

/** Valid keys of flags, variants, segments and metrics. */
const VALID = ["toString", "valueOf", "hasOwnProperty", "isPrototypeOf", "toLocaleString", "propertyIsEnumerable"];
/** Never a name, since code elsewhere may take them for more than that. */
const RESERVED = ["constructor", "prototype", "__proto__"];
const HEX = "0123456789abcdef0123456789abcdef01234567";

let fleet: Fleet;
let edge: Isolate;
let shop: Shop;

beforeAll(async () => {
  fleet = await startFleet({ centres: [{ colo: "FRA", isolates: 1 }] });
  edge = fleet.isolates[0] as Isolate;
  shop = await makeShop(fleet);
  // The project is in memory from here on.
  expect((await one(shop.client, "checkout")).status).toBe(200);
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

async function send(path: string, token: string, body?: unknown, method = "POST") {
  const response = await fetch(new URL(path, edge.url), {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: answers of many routes, read by name
  return { status: response.status, text, json: (text === "" ? null : JSON.parse(text)) as any };
}
const one = (key: string, flag: string, context: object = { targetingKey: "u1" }) =>
  send(`/ofrep/v1/evaluate/flags/${flag}`, key, { context });
const admin = (method: string, path: string, body?: unknown) => send(`/api/v1${path}`, ADMIN_TOKEN, body, method);

describe("of an environment", () => {
  test.each([...RESERVED, "tostring", "valueof"])("a key of %s opens nothing", async (name) => {
    for (const kind of ["c", "s"]) {
      const { status, text } = await send("/ofrep/v1/evaluate/flags", `bd${kind}_shop_${name}_${HEX}`, {});
      expect({ status, text }).toEqual({ status: 401, text: '{"errorDetails":"this key is unknown or revoked"}' });
    }
    const stream = await fetch(new URL(`/ofrep/v1/streams/shop/${name}?token=x`, edge.url));
    expect({ status: stream.status, text: await stream.text() }).toMatchObject({ status: 401 });
  });

  test.each(RESERVED)("none can be made that is called %s, by no way in", async (name) => {
    expect((await admin("PUT", `/projects/shop/environments/${name}`, {})).status).toBe(422);
    expect((await admin("PUT", "/projects/others", { environments: [name] })).status).toBe(422);
    expect((await admin("PUT", `/projects/${name}`, {})).status).toBe(422);
  });
});

describe("of what nobody made", () => {
  test.each([...VALID, ...RESERVED])("%s is no flag, variant, segment or test", async (name) => {
    const flag = await one(shop.client, name);
    expect(flag).toMatchObject({ status: 404, json: { errorCode: "FLAG_NOT_FOUND" } });
    for (const path of [`/v1/doors/${name}/open`, `/v1/ask/${name}`]) {
      const body = { key: shop.client, id: crypto.randomUUID(), input: 1, context: { targetingKey: "u1" } };
      expect((await send(path, shop.client, body)).status).toBe(404);
    }
    const at = "/projects/shop/environments/production/flags";
    expect((await admin("GET", `${at}/${name}`)).status).toBe(RESERVED.includes(name) ? 422 : 404);
    const unmade = await admin("PATCH", `${at}/checkout`, { fallthrough: { variant: name } });
    expect(unmade.status).toBe(422);
    const killed = await admin("POST", `${at}/checkout/kill`, { variant: name });
    expect(killed.status).toBe(422);
    const dependent = { rules: [{ id: "r", when: { segment: name }, serve: { variant: "on" } }] };
    expect((await admin("PATCH", `${at}/checkout`, dependent)).status).toBe(422);
    for (const fields of [{ holdout: name }, { layer: { layer: name, from: 0, to: 10 } }])
      expect((await admin("PATCH", `${at}/checkout`, fields)).status).toBe(422);
  });

  test.each([...VALID, "constructor", "prototype", "constructor.name", "toString.length"])(
    "%s is no attribute of a context that does not hold it",
    async (attribute) => {
      await shop.putFlag("attributes");
      const rules = [{ id: "has", when: { attribute, op: "exists" }, serve: { variant: "off" } }];
      const state = { enabled: true, rules, fallthrough: { variant: "on" } };
      await fleet.admin("PUT", "/projects/shop/environments/production/flags/attributes", state);
      const without = async () => (await one(shop.client, "attributes")).json;
      await expect.poll(without).toMatchObject({ value: true, reason: "DEFAULT" });
      const [name = "", ...steps] = attribute.split(".");
      const value = steps.reduceRight<unknown>((inner, step) => ({ [step]: inner }), "here");
      const context = { targetingKey: "u1", [name]: value };
      await expect
        .poll(async () => (await one(shop.client, "attributes", context)).json)
        .toMatchObject({ value: false, reason: "TARGETING_MATCH" });
    },
  );
});

describe("what somebody made", () => {
  test.each(VALID)("and called %s works as any other: flag, variants, segment, layer, holdout", async (name) => {
    const project = `made-${name.toLowerCase()}`;
    const at = `/projects/${project}`;
    const state = `${at}/environments/production/flags/${name}`;
    await fleet.admin("PUT", at, { environments: ["production"] });
    await fleet.admin("PUT", `${at}/segments/${name}`, { included: ["vip"] });
    await fleet.admin("PUT", `${at}/layers/${name}`, {});
    await fleet.admin("PUT", `${at}/holdouts/${name}`, { share: 0 });
    await fleet.admin("PUT", `${at}/flags/${name}`, {
      type: "string",
      variants: { [name]: "own", off: "off" },
      offVariant: "off",
      visibility: "public",
    });
    await fleet.admin("PUT", state, {
      enabled: true,
      holdout: name,
      layer: { layer: name, from: 0, to: 100_000 },
      rules: [{ id: name, when: { segment: name }, serve: { variant: name } }],
      fallthrough: { variant: "off" },
    });
    const { key } = await fleet.admin<{ key: string }>("POST", `${at}/environments/production/keys`, {
      kind: "server",
      name: "api",
    });
    const served = async (targetingKey: string) => (await one(key, name, { targetingKey })).json;
    await expect.poll(() => served("vip")).toMatchObject({ variant: name, value: "own" });
    expect(await served("else")).toMatchObject({ variant: "off" });

    // A merge patch, an export and its import, a kill of the variant and its restore.
    await fleet.admin("PATCH", `${at}/flags/${name}`, { variants: { [name]: "changed" } });
    await expect.poll(() => served("vip")).toMatchObject({ value: "changed" });
    const { json: exported } = await admin("GET", `${at}/export`);
    expect(Object.keys(exported.flags)).toEqual([name]);
    const again = await admin("POST", `${at}/import?dryRun=true`, exported);
    expect(again.status).toBe(200);
    await fleet.admin("POST", `${state}/kill`, { variant: name });
    await expect.poll(() => served("vip")).toMatchObject({ variant: "off" });
    await fleet.admin("POST", `${state}/restore`, {});
    await expect.poll(() => served("vip")).toMatchObject({ variant: name });

    // An archived flag takes its states out of the export.
    await fleet.admin("DELETE", `${at}/flags/${name}`);
    const { json: emptied } = await admin("GET", `${at}/export`);
    expect(emptied).toMatchObject({ flags: {}, states: { production: {} } });
    for (const path of ["/usage", "/propagation", "/guards"])
      expect((await admin("GET", `${at}/environments/production${path}`)).status).toBe(200);
    expect((await admin("GET", `${at}/debt`)).status).toBeLessThan(500);
  });
});

describe("a guard", () => {
  const series = (variant: string, metric: string) =>
    seriesSchema.parse({
      id: "guard-7/1",
      by: "targetingKey",
      startedAt: 0,
      arms: [
        { variant, share: 50_000 },
        { variant: "off", share: 50_000 },
      ],
      control: "off",
      windowSeconds: 600,
      outcomes: 1,
      metrics: [
        { name: metric, kind: "error" },
        { name: `${metric}-mean`, kind: "mean", direction: "down-is-bad", min: 0, max: 500 },
        { name: metric === "toString" ? "valueOf" : "toString", event: "values", kind: "slow" },
      ].map((one) => metricSchema.parse(one)),
      source: "server",
      breakdown: ["country"],
    });
  const nothing = { unattributed: 0, afterKill: 0, mismatched: 0, conflicting: 0 };
  const excluded = { staff: 0, bot: 0, preview: 0, synthetic: 0 };

  test.each(VALID)("of a variant and a metric called %s sees harm, with no counts of clients", (name) => {
    const observation = { series: series(name, name), alpha: 0.01, stages: 1, entry: 1 };
    const arm = (failures: number): ArmTotals => ({
      exposed: 2_000,
      first: 1,
      last: 2,
      metrics: { [name]: { kind: "error", units: 2_000, failures } },
    });
    const totals: SeriesTotals = { arms: { [name]: arm(400), off: arm(20) }, clientArms: {}, excluded, ...nothing };
    const found = assess(observation, guardTests(observation), totals, EMPTY_MEMORY, "2026-11-30T00:00:00.000Z");
    expect(found.state).toBe("breached");
    expect(found.breach).toMatchObject({ arm: name, metric: name });
    // Before the first count there is nothing to be seen, and nothing fails.
    const empty: SeriesTotals = { arms: {}, clientArms: {}, excluded, ...nothing };
    expect(assess(observation, guardTests(observation), empty, EMPTY_MEMORY, "2026-11-30T00:00:00.000Z")).toMatchObject(
      {
        breach: null,
        exposed: { [name]: 0, off: 0 },
      },
    );
  });

  test.each(VALID)("adds up the counts of %s from several shards, by day and country too", (name) => {
    const watched = series(name, name);
    const counters = new Map([
      ["0.0.-.exposed", 3],
      [`0.0.-.country.${name}.exposed`, 2],
      ["0.0.0.units", 3],
      ["0.0.-.day.20000", 3],
      ["0.0.0.day.20000", 1],
    ]);
    const shard = readTally(watched, counters, 1_000);
    const answer = { series: { [name]: shard }, shed: { server: 0, client: 0 } };
    const merged = mergeTotals([answer, answer]).series[name];
    expect(merged?.arms[name]).toMatchObject({ exposed: 6, metrics: { [name]: { units: 6 } } });
    expect(merged?.arms[name]?.countries?.[name]).toEqual({ exposed: 4, conversions: 0 });
    expect(readDays(watched, counters)).toMatchObject([{ arms: { [name]: { exposed: 3, metrics: { [name]: 1 } } } }]);
  });

  test("and nothing was written onto what all objects share", () => {
    for (const name of VALID) {
      const shared = Reflect.get(Object.prototype, name) as object;
      expect(Object.keys(shared)).toEqual([]);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
