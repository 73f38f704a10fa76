import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { storedSlug } from "../../shared/schema/names.ts";
import { sha256 } from "../../worker/crypto/sha256.ts";
import { newEnvironmentKey, newTriggerToken, parseTriggerToken } from "../../worker/crypto/tokens.ts";
import { BearerKeys, parseKey } from "../../worker/evaluation/edge/bearer-keys.ts";
import { WAIT_COLD_MS } from "../../worker/evaluation/edge/pointer-lane.ts";
import { LOOK_UPS_AT_ONCE, LOOK_UPS_PER_S } from "../../worker/evaluation/edge/unknown-names.ts";
import { FakeIsolate, FakeSources, PROJECT } from "../../worker/testing/fake-sources.ts";
import { served } from "../../worker/testing/served.ts";
import {
  evaluate,
  type Fleet,
  type Isolate,
  is,
  makeShop,
  type Shop,
  startFleet,
  until,
} from "../propagation/fleet.ts";

/*
 * Anybody can make up the name of a project, in a key, a stream's URL or a trigger's. That must push nothing out of an
 * isolate's memory, start few objects, and keep no real project out.
 */

const HEX = "0123456789abcdef0123456789abcdef01234567";
let names = 0;
const madeUp = () => `made-up-${++names}`;

describe("in one isolate", () => {
  let sources: FakeSources;
  let isolate: FakeIsolate;
  const serving = { checkout: { variant: "on" } };

  beforeEach(() => {
    sources = new FakeSources();
    sources.publish(serving, {
      over: { keys: [{ id: "key_1", hash: sha256("the key"), kind: "client", origins: [] }] },
    });
    isolate = new FakeIsolate(sources);
  });

  /** As a request that shows one of its keys. */
  async function proven() {
    const { got } = await isolate.asked();
    if (typeof got !== "object") throw new Error(`the project is ${got}`);
    expect(got.keys.find("the key")).not.toBeNull();
    return got;
  }

  /** So many names, so many at a time, each asked for once. */
  async function flood(count: number, { atOnce = 20, everyMs = 20 } = {}) {
    const answers: ReturnType<FakeIsolate["askFor"]>[] = [];
    for (let sent = 0; sent < count; sent += atOnce) {
      for (let n = 0; n < atOnce; n++) answers.push(isolate.askFor(madeUp()));
      await sources.tick(everyMs);
    }
    return answers;
  }

  test("1,000 made-up names leave a proven project where it is: nothing of it is read again", async () => {
    const before = await proven();
    await flood(1_000);
    // Past every age of its pointer, so that one look-up is due and no more.
    await sources.tick(1_000);
    const reads = sources.count("kv") + sources.count("storeSnapshot");
    expect((await isolate.asked()).got).toBe(before);
    expect(sources.count("kv") + sources.count("storeSnapshot")).toBe(reads);
  });

  test("they start few objects: a number at once, and then some a second", async () => {
    await flood(2_000, { atOnce: 40, everyMs: 100 });
    expect(new Set(sources.lookedUp).size).toBeLessThanOrEqual(LOOK_UPS_AT_ONCE + 5 * LOOK_UPS_PER_S);
  });

  test("they take a bounded room", async () => {
    await proven();
    await flood(2_000, { atOnce: 1, everyMs: 250 });
    const { proven: kept, unproven, missing } = isolate.edge.sizes;
    expect(kept).toBe(1);
    expect(unproven).toBeLessThanOrEqual(50);
    expect(missing).toBeLessThanOrEqual(1_000);
  });

  test("in the middle of a flood, an old key of a real project is answered in a fresh isolate, within a cold start", async () => {
    await flood(200);
    expect(isolate.edge.sizes.proven).toBe(0);
    const request = isolate.ask();
    for (let waited = 0; waited < WAIT_COLD_MS && request.got === undefined; waited += 20) await flood(20);
    expect(served(request.got)).toBe("on");
    expect(request.heldMs).toBeLessThan(WAIT_COLD_MS);
  });

  test("a flood asks the directory for its list now and then, not once a name", async () => {
    await flood(2_000, { atOnce: 40, everyMs: 100 });
    expect(sources.count("names")).toBeGreaterThan(0);
    expect(sources.count("names")).toBeLessThanOrEqual(1 + 5_000 / 2_000);
  });

  describe.each(["error", "hang"] as const)("while the directory answers with %s", (fault) => {
    beforeEach(() => {
      sources.faults.names = fault;
    });

    test("names beyond the bound are unreachable, and not denied: they may be real", async () => {
      const answers = await flood(500);
      await sources.tick(5_000);
      const got = answers.map((answer) => answer.got);
      expect(got).not.toContain(undefined);
      expect(got.filter((one) => one === "missing").length).toBeLessThanOrEqual(LOOK_UPS_AT_ONCE + 6 * LOOK_UPS_PER_S);
      expect(got.filter((one) => one === "unreachable").length).toBeGreaterThan(400);
    });

    test("a proven project goes on, and one whose key was made here is looked up", async () => {
      await proven();
      await flood(500);
      expect(served((await isolate.asked()).got)).toBe("on");
      const fresh = new FakeIsolate(sources);
      for (let n = 0; n < 200; n++) fresh.askFor(madeUp());
      expect(served((await fresh.asked(3_000, "production", { vouched: true })).got)).toBe("on");
    });
  });

  test("real projects that others ask for do not push a proven one out either", async () => {
    const before = await proven();
    for (let n = 0; n < 500; n++) {
      const name = `real-${n}`;
      sources.others.add(name);
      sources.names.push(name);
    }
    for (const name of sources.others) {
      isolate.askFor(name);
      await sources.tick(20);
    }
    expect(isolate.edge.sizes.proven).toBe(1);
    expect((await isolate.asked()).got).toBe(before);
  });

  test("a hundred real projects of which no secret was shown stay, amid made-up names: none is looked up again", async () => {
    const known = Array.from({ length: 100 }, (_, n) => `known-${n}`);
    for (const name of known) sources.others.add(name);
    sources.names.push(...known);
    for (const name of known) {
      isolate.askFor(name);
      await sources.tick(20);
    }
    expect(new Set(sources.lookedUp)).toEqual(new Set(known));
    // A second look-up of each is due within these; a third one would be a reload.
    const before = sources.lookedUp.length;
    for (let round = 0; round < 3; round++) {
      for (const name of known) isolate.askFor(name);
      await flood(60, { atOnce: 60, everyMs: 50 });
    }
    const again = sources.lookedUp.slice(before).filter((name) => sources.others.has(name));
    expect(again.length).toBeLessThanOrEqual(100);
  });

  test("200 proven projects stay, whatever comes beside", async () => {
    for (let n = 0; n < 200; n++) {
      const name = `real-${n}`;
      sources.others.add(name);
      isolate.askFor(name, { vouched: true });
      await sources.tick(5);
    }
    await flood(2_000);
    const before = sources.lookedUp.length;
    // At once, so that none is due for a refresh.
    expect(isolate.edge.sizes.proven).toBe(200);
    expect(sources.lookedUp.slice(before)).toEqual([]);
  });

  test("a name that the store does not know is asked for once in ten seconds", async () => {
    for (let second = 0; second < 9; second++) {
      isolate.askFor("nobody");
      await sources.tick(1_000);
    }
    expect(sources.lookedUp).toEqual(["nobody"]);
    await sources.tick(2_000);
    isolate.askFor("nobody");
    await sources.tick(100);
    expect(sources.lookedUp).toEqual(["nobody", "nobody"]);
  });

  test("a project that is made through this isolate is there at once, although it was denied before", async () => {
    sources.exists = false;
    expect((await isolate.asked()).got).toBe("missing");
    sources.exists = true;
    isolate.edge.require(PROJECT, sources.revision);
    expect(served((await isolate.asked()).got)).toBe("on");
  });

  test("a project that is made elsewhere is there for a key of this installation at once", async () => {
    sources.exists = false;
    expect((await isolate.asked()).got).toBe("missing");
    sources.exists = true;
    expect(served((await isolate.asked(3_000, "production", { vouched: true })).got)).toBe("on");
  });

  test("objects of unproven names are asked within the same bound, those of real projects always", async () => {
    let admitted = 0;
    for (let n = 0; n < 500; n++) {
      void isolate.edge.mayAsk(storedSlug(madeUp())).then((may) => {
        if (may) admitted++;
      });
      await sources.tick(10);
    }
    expect(admitted).toBeLessThanOrEqual(LOOK_UPS_AT_ONCE + 5 * LOOK_UPS_PER_S);
    const real = isolate.edge.mayAsk(PROJECT);
    await sources.tick(2_000);
    expect(await real).toBe(true);
  });
});

describe("a key's checksum", () => {
  const [project, environment] = [storedSlug("shop"), storedSlug("production")];
  const env = { KEY_CHECKSUM_SECRET: "a secret of this installation" };
  const key = newEnvironmentKey("client", project, environment, env);

  test("changes neither a key's form nor its length", () => {
    expect(key).toMatch(/^bdc_shop_production_[0-9a-f]{40}$/);
    expect(newEnvironmentKey("server", project, environment, {})).toMatch(/^bds_shop_production_[0-9a-f]{40}$/);
    expect(newEnvironmentKey("client", project, environment, env)).not.toBe(key);
  });

  test("tells keys that were made here from all others, and opens nothing", () => {
    expect(parseKey(key, env)).toEqual({ kind: "client", project, environment, vouched: true });
    for (const other of [
      key.replace("shop", "shap"),
      key.replace("production", "staging"),
      key.replace("bdc_", "bds_"),
      key.slice(0, -1) + (key.endsWith("0") ? "1" : "0"),
      `bdc_shop_production_${HEX}`,
      newEnvironmentKey("client", project, environment, {}),
      newEnvironmentKey("client", project, environment, { KEY_CHECKSUM_SECRET: "another secret" }),
    ])
      expect(parseKey(other, env)).toMatchObject({ vouched: false });
  });

  test("is none where there is no secret, not even an empty one", () => {
    const bare = newEnvironmentKey("client", project, environment, { KEY_CHECKSUM_SECRET: "" });
    expect(parseKey(bare, { KEY_CHECKSUM_SECRET: "" })).toMatchObject({ vouched: false });
    expect(parseKey(newEnvironmentKey("client", project, environment, env), {})).toMatchObject({ vouched: false });
  });

  test("stands in a trigger's token as well", () => {
    const token = newTriggerToken(project, environment, "trg_0123456789abcdef", env);
    expect(token).toMatch(/^bdk_shop_production_[0-9a-f]{56}$/);
    expect(parseTriggerToken(token, env)).toEqual({ project, environment, id: "trg_0123456789abcdef", vouched: true });
    expect(parseTriggerToken(token.replace("shop", "shap"), env)).toMatchObject({ vouched: false });
  });

  test("is worked out on first sight: made-up keys do not push out those that opened something", () => {
    const parsed = parseKey(key, env);
    const keys = new BearerKeys([{ id: "key_1", hash: sha256(key), kind: "client", origins: [] }]);
    expect(keys.find(key)).not.toBeNull();
    for (let n = 0; n < 5_000; n++) parseKey(`bdc_made-up-${n}_production_${HEX}`, env);
    expect(parseKey(key, env)).toBe(parsed);
  });
});

describe("through a running Worker", () => {
  let fleet: Fleet;
  let edge: Isolate;
  let fresh: Isolate;
  let rotated: Isolate;
  let shop: Shop;

  beforeAll(async () => {
    fleet = await startFleet({
      centres: [
        { colo: "FRA", isolates: 2 },
        { colo: "SYD", isolates: 1, bindings: { KEY_CHECKSUM_SECRET: "rotated since the keys were made" } },
      ],
      bindings: { KEY_CHECKSUM_SECRET: "as the keys were made" },
    });
    [edge, fresh, rotated] = fleet.isolates as [Isolate, Isolate, Isolate];
    shop = await makeShop(fleet);
  });
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  const lookUps = async (isolate: Isolate) => {
    const { storeCalls } = await isolate.observed();
    return (storeCalls.pointer ?? 0) + (storeCalls.callTrigger ?? 0);
  };

  /** One request of each kind that names a project, each with a name of its own. */
  const attack = async (isolate: Isolate, round: number) => {
    const name = `made-up-${round}`;
    const send = (path: string, init: RequestInit = {}) =>
      fetch(new URL(path, isolate.url), init).then(async (response) => {
        await response.text();
        return response.status;
      });
    const key = (kind: string) => `bdc_${name}-${kind}_production_${HEX}`;
    const post = (body: object): RequestInit => ({ method: "POST", body: JSON.stringify(body) });
    return Promise.all([
      evaluate(isolate, key("o")).then(({ status }) => status),
      send(`/ofrep/v1/streams/${name}-s/production?token=x`),
      send(`/v1/ask/${name}-a/production/${crypto.randomUUID()}?wait=0`),
      send(`/v1/triggers/bdk_${name}-t_production_${"0".repeat(16)}${HEX}`, { method: "POST" }),
      send("/v1/doors/x/open", post({ key: key("d") })),
      send("/v1/events", {
        ...post({ batchId: "b", key: key("e"), events: [] }),
        headers: { "Content-Type": "application/json" },
      }),
    ]);
  };

  /** 60 rounds of six requests; how often the store was asked for whatever name. */
  async function flooded(isolate: Isolate): Promise<{ asked: number; seconds: number; statuses: Set<number> }> {
    const before = await lookUps(isolate);
    const began = performance.now();
    const statuses = new Set<number>();
    for (let round = 0; round < 60; round += 5) {
      const five = Array.from({ length: 5 }, (_, n) => attack(isolate, ++names + n));
      names += 5;
      for (const status of (await Promise.all(five)).flat()) statuses.add(status);
    }
    const seconds = (performance.now() - began) / 1_000;
    return { asked: (await lookUps(isolate)) - before, seconds, statuses };
  }

  test("360 made-up names of every kind start few objects, and an old key works beside them", async () => {
    await until(edge, shop.client, is(true));
    const { asked, seconds, statuses } = await flooded(edge);
    // The project's own refreshes are at most two a second.
    expect(asked).toBeLessThanOrEqual(LOOK_UPS_AT_ONCE + (LOOK_UPS_PER_S + 2) * (seconds + 1));
    // An evaluation is never answered 5xx; who may come back is told so.
    expect([...statuses].filter((status) => ![200, 401, 404, 503].includes(status))).toEqual([]);
    expect(await evaluate(edge, shop.client)).toMatchObject({ status: 200, value: true });
  });

  test.each([
    ["that carries a checksum", () => fresh],
    ["whose checksum is of a secret that was rotated", () => rotated],
  ])("in the middle of a flood, a key %s works in an isolate that has never seen it", async (_which, isolate) => {
    const flooding = flooded(isolate());
    const first = await evaluate(isolate(), shop.server);
    expect(first).toMatchObject({ status: 200, value: true });
    await flooding;
  });
});
