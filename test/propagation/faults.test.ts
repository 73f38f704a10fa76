import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Faults } from "../../worker/testing/faults.ts";
import {
  BREAK_GLASS_MS,
  CHANGE_MS,
  COLD_ANSWER_MS,
  COPY_MS,
  FROZEN_CLOCK_REQUESTS,
  OVERDUE_ANSWER_MS,
  PATIENCE_MS,
  SLACK_MS,
} from "../promises.ts";
import {
  BREAK_GLASS_SECRET,
  evaluate,
  type Fleet,
  type Isolate,
  is,
  makeShop,
  type Shop,
  servedInTime,
  startFleet,
  until,
} from "./fleet.ts";

// The whole Worker in bare workerd, several isolates of it, broken behind the bindings' own interfaces.

let fleet: Fleet;
let edge: Isolate;
let neighbour: Isolate;
let far: Isolate;
/** For cases that run at the same time, each on an isolate of its own. */
let idle: Isolate[];
let projects = 0;

beforeAll(async () => {
  fleet = await startFleet({
    centres: [
      { colo: "FRA", isolates: 7 },
      { colo: "SYD", isolates: 1, storeMs: 300 },
    ],
  });
  [edge, neighbour, ...idle] = fleet.isolates as [Isolate, Isolate, ...Isolate[]];
  far = idle.pop() as Isolate;
});
afterAll(() => fleet?.[Symbol.asyncDispose]());
afterEach(() => Promise.all([fleet.store, edge, neighbour, far].map((one) => one.fault({}))));

/** Runs a case on an isolate that no other case uses meanwhile. */
const alone = (run: (isolate: Isolate) => Promise<void>) => async () => {
  const isolate = idle.pop();
  if (!isolate) throw new Error("more cases at once than isolates");
  try {
    await run(isolate);
  } finally {
    await isolate.fault({});
    idle.push(isolate);
  }
};

/** A project that no isolate has heard of: every one of them starts cold. */
const newShop = () => makeShop(fleet, `shop-${++projects}`);

const firedOf = async (isolate: Isolate, kind: keyof Faults) => {
  const { fired } = await isolate.observed();
  return Object.entries(fired).reduce((sum, [name, times]) => (name.startsWith(`${kind}:`) ? sum + times : sum), 0);
};

/** Sends an evaluation and resets the connection before it can be answered. */
async function resetInMidRequest(isolate: Isolate, key: string, afterMs: number) {
  const body = '{"context":{"targetingKey":"u1"}}';
  const socket = net.connect(Number(isolate.url.port), isolate.url.hostname);
  socket.on("error", () => {});
  let answered = false;
  socket.on("data", () => (answered = true));
  await once(socket, "connect");
  socket.write(
    `POST /ofrep/v1/evaluate/flags/checkout HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer ${key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await sleep(afterMs);
  socket.resetAndDestroy();
  return answered;
}

describe("a request that is reset in the middle of its refresh", () => {
  test("leaves nobody hanging: the isolate's other requests are served, and the lease passes on", async () => {
    const shop = await newShop();
    await until(edge, shop.server, is(true));
    await edge.fault({ storeMs: 700 });
    for (let round = 0; round < 3; round++) {
      // Older than the bound: the first request takes the lease and waits for the slow store.
      await sleep(CHANGE_MS + 100);
      const resets = [
        resetInMidRequest(edge, shop.server, 60),
        sleep(10).then(() => resetInMidRequest(edge, shop.server, 60)),
      ];
      expect(await Promise.all(resets)).toEqual([false, false]);
      const answers = await Promise.all(Array.from({ length: 10 }, () => evaluate(edge, shop.server)));
      for (const { status, value, ms } of answers) {
        expect([status, value]).toEqual([200, true]);
        expect(ms).toBeLessThanOrEqual(OVERDUE_ANSWER_MS + SLACK_MS);
      }
    }
    await servedInTime(() => shop.kill("checkout"), [edge], shop.server, is(false));
  });

  test("with nothing in memory: those who wait with it are answered all the same", async () => {
    const shop = await newShop();
    await edge.fault({ storeMs: 500 });
    const reset = resetInMidRequest(edge, shop.server, 100);
    await sleep(20);
    const answers = await Promise.all(Array.from({ length: 5 }, () => evaluate(edge, shop.server)));
    expect(await reset).toBe(false);
    for (const answer of answers) expect(answer.status).toBe(200);
    await until(edge, shop.server, is(true));
  });

  test("while the store hangs for good: served from memory, and well again with the store", async () => {
    const shop = await newShop();
    await until(edge, shop.server, is(true));
    await edge.fault({ store: "hang" });
    await sleep(1_100);
    expect(await resetInMidRequest(edge, shop.server, 60)).toBe(false);
    for (let request = 0; request < 5; request++) {
      const { status, value, ms } = await evaluate(edge, shop.server);
      expect([status, value]).toEqual([200, true]);
      expect(ms).toBeLessThanOrEqual(OVERDUE_ANSWER_MS + SLACK_MS);
    }
    expect(await firedOf(edge, "store")).toBeGreaterThan(0);
    await shop.kill("checkout");
    await servedInTime(() => edge.fault({}), [edge], shop.server, is(false));
  });
});

test("an isolate that was idle and is far from the store does not serve what was killed meanwhile", async () => {
  const shop = await newShop();
  await until(far, shop.server, is(true));
  await shop.kill("checkout");
  await sleep(CHANGE_MS + SLACK_MS);
  // Its round trip is longer than a request usually waits.
  const { value, ms } = await evaluate(far, shop.server);
  expect(value).toBe(false);
  expect(ms).toBeGreaterThan(250);
});

const KV_FAULTS = ["null", "corrupt", "truncated", "foreign", "hang", "error-500", "error-429"] as const;
const STORE_FAULTS = ["throw", "hang", "overloaded", "status-500", "lost-reply"] as const;
const CACHE_FAULTS = ["miss", "hang", "throw"] as const;

describe.concurrent("KV", () => {
  for (const kvRead of KV_FAULTS) {
    const itHolds = alone(async (isolate) => {
      const shop = await newShop();
      await isolate.fault({ kvRead });
      expect(await evaluate(isolate, shop.server)).toMatchObject({ status: 200, value: true });
      const cold = await firedOf(isolate, "kvRead");
      await servedInTime(() => shop.serve("checkout", "off"), [isolate], shop.server, is(false));
      await servedInTime(() => shop.serve("checkout", "on"), [isolate], shop.server, is(true));
      await servedInTime(() => shop.kill("checkout"), [isolate], shop.server, is(false));
      expect(cold).toBeGreaterThan(0);
      expect(await firedOf(isolate, "kvRead")).toBeGreaterThan(cold);
    });
    test(`answers ${kvRead}: a change and a kill arrive all the same, cold and warm`, itHolds);
  }
});

describe.concurrent("the store", () => {
  for (const store of STORE_FAULTS) {
    const itHolds = alone(async (isolate) => {
      const shop = await newShop();
      await shop.putFlag("banner");
      await shop.kill("banner");
      await until(isolate, shop.server, is(true));
      await until(isolate, shop.server, is(false), { flag: "banner" });
      await isolate.fault({ store, cache: "miss" });
      await shop.kill("checkout");
      for (const end = Date.now() + 1_500; Date.now() < end; await sleep(50)) {
        expect(await evaluate(isolate, shop.server)).toMatchObject({ status: 200, value: true });
        expect(await evaluate(isolate, shop.server, "banner")).toMatchObject({ status: 200, value: false });
      }
      expect(await firedOf(isolate, "store")).toBeGreaterThan(0);
      await servedInTime(() => isolate.fault({}), [isolate], shop.server, is(false));
    });
    test(`answers ${store}: memory is served, kills stay, and everything follows afterwards`, itHolds);
  }
});

describe.concurrent("the cache", () => {
  for (const cache of CACHE_FAULTS) {
    const itHolds = alone(async (isolate) => {
      const shop = await newShop();
      await isolate.fault({ cache });
      expect(await evaluate(isolate, shop.server)).toMatchObject({ status: 200, value: true });
      await servedInTime(() => shop.kill("checkout"), [isolate], shop.server, is(false));
      expect(await firedOf(isolate, "cache")).toBeGreaterThan(0);
    });
    test(`answers ${cache}: a kill arrives all the same, cold and warm`, itHolds);
  }
});

test("an isolate that the store refuses hears of a kill from its data centre's cache", async () => {
  const shop = await newShop();
  await until(edge, shop.server, is(true));
  await until(neighbour, shop.server, is(true));
  await edge.fault({ store: "overloaded" });
  // The neighbour keeps the data centre's copy fresh, as traffic does.
  const end = new AbortController();
  const traffic = (async () => {
    for (; !end.signal.aborted; await sleep(25)) await evaluate(neighbour, shop.server);
  })();
  try {
    await servedInTime(() => shop.kill("checkout"), [edge], shop.server, is(false));
  } finally {
    end.abort();
    await traffic;
  }
});

test("KV lags behind by its minute, absences included: a change and a kill arrive all the same", async () => {
  const shop = await newShop();
  await until(edge, shop.server, is(true));
  await edge.fault({ kvRead: "stale" });
  await servedInTime(() => shop.serve("checkout", "off"), [edge], shop.server, is(false));
  await servedInTime(() => shop.serve("checkout", "on"), [edge], shop.server, is(true));
  await servedInTime(() => shop.kill("checkout"), [edge], shop.server, is(false));
  expect(await firedOf(edge, "kvRead")).toBeGreaterThan(1);
});

test("snapshots for a later reader are left alone: the last one that can be read is served, and kills apply to it", async () => {
  const shop = await newShop();
  await shop.putFlag("banner");
  await until(edge, shop.server, is(true));
  await until(edge, shop.server, is(true), { flag: "banner" });
  await edge.fault({ snapshots: "newer-reader", cache: "miss" });
  await shop.serve("checkout", "off");
  await servedInTime(() => shop.kill("banner"), [edge], shop.server, is(false), { flag: "banner" });
  await sleep(1_200);
  expect(await evaluate(edge, shop.server)).toMatchObject({ status: 200, value: true });
  expect(await firedOf(edge, "snapshots")).toBeGreaterThan(0);
  await servedInTime(() => edge.fault({}), [edge], shop.server, is(false));
});

describe.concurrent("a clock", () => {
  for (const clock of ["hour-fast", "hour-slow", "frozen"] as const) {
    /**
     * By a clock that moves: in time. By one that stands still, nothing can be known by time: when the data centre's
     * copy has ended, and by so many requests; a second row of them covers the refresh that the first has begun.
     */
    const hearsOfTheKill = async (isolate: Isolate, shop: Shop) => {
      if (clock !== "frozen") return servedInTime(() => shop.kill("checkout"), [isolate], shop.server, is(false));
      const sent = performance.now();
      await shop.kill("checkout");
      for (let unseenBy = 0; ; ) {
        const copyHasEnded = performance.now() - sent > COPY_MS + SLACK_MS;
        if ((await evaluate(isolate, shop.server)).value === false) return;
        if (copyHasEnded) expect(++unseenBy).toBeLessThanOrEqual(2 * FROZEN_CLOCK_REQUESTS);
      }
    };
    const itHolds = alone(async (isolate) => {
      const shop = await newShop();
      // Cold with it, then set right, and set wrong again while running: on in one case and back in the other.
      await isolate.fault({ clock });
      await until(isolate, shop.server, is(true));
      await hearsOfTheKill(isolate, shop);
      expect(await firedOf(isolate, "clock")).toBeGreaterThan(0);
      await isolate.fault({});
      await servedInTime(() => shop.restore("checkout"), [isolate], shop.server, is(true));
      await isolate.fault({ clock });
      await hearsOfTheKill(isolate, shop);
      expect(await firedOf(isolate, "clock")).toBeGreaterThan(0);
    });
    test(`that is ${clock}, from the start or suddenly, keeps no kill from arriving`, itHolds);
  }
});

test("a store that is evicted in the middle of a write and of its alarm carries both to their end", async () => {
  const shop = await newShop();
  await until(edge, shop.server, is(true));
  await fleet.store.fault({ kvWrite: "evict" });
  // Sent again by the Worker under its id: it was committed, and is answered.
  await shop.serve("checkout", "off");
  const inTheWrite = await firedOf(fleet.store, "kvWrite");
  expect(inTheWrite).toBeGreaterThan(0);
  for (const end = Date.now() + PATIENCE_MS; (await firedOf(fleet.store, "kvWrite")) <= inTheWrite; await sleep(100))
    if (Date.now() > end) throw new Error("the alarm never came");
  await fleet.store.fault({});
  await until(edge, shop.server, is(false), { pauseMs: 100 });
  const { rows } = await fleet.admin<{ rows: { action: string }[] }>("GET", `/projects/${shop.project}/audit?after=0`);
  // One to switch it on, and this one, once.
  expect(rows.filter(({ action }) => action === "putState")).toHaveLength(2);
});

test.each(["hang", "error-429"] as const)(
  "KV refuses writes (%s): kills are in force regardless, the rest follows later",
  async (kvWrite) => {
    const shop = await newShop();
    await until(edge, shop.server, is(true));
    await fleet.store.fault({ kvWrite });
    await servedInTime(() => shop.kill("checkout"), [edge], shop.server, is(false));
    expect(await firedOf(fleet.store, "kvWrite")).toBeGreaterThan(0);
    await shop.restore("checkout");
    await sleep(1_200);
    // The snapshot without the kill is not out: nothing may re-open the rollout.
    expect(await evaluate(edge, shop.server)).toMatchObject({ value: false });
    await fleet.store.fault({});
    await until(edge, shop.server, is(true), { pauseMs: 100 });
  },
);

describe("store and KV are both gone", () => {
  const gone = { store: "hang", kvRead: "error-500" } as const;

  test("warm: memory is served, a killed flag stays killed", async () => {
    const shop = await newShop();
    await shop.putFlag("banner");
    await shop.kill("banner");
    await until(edge, shop.server, is(true));
    await edge.fault({ ...gone, cache: "miss" });
    for (const end = Date.now() + 2_500; Date.now() < end; await sleep(100)) {
      expect(await evaluate(edge, shop.server)).toMatchObject({ status: 200, value: true });
      expect(await evaluate(edge, shop.server, "banner")).toMatchObject({ status: 200, value: false });
    }
  });

  test("cold beside an isolate that knew: the copy in the data centre's cache, its kills included", async () => {
    const shop = await newShop();
    await shop.putFlag("banner");
    await shop.kill("banner");
    await until(edge, shop.server, is(false), { flag: "banner" });
    await until(edge, shop.server, is(true));
    // Until the pointer's own copy has run out.
    await sleep(1_300);
    await neighbour.fault(gone);
    expect(await evaluate(neighbour, shop.server)).toMatchObject({ status: 200, value: true });
    expect(await evaluate(neighbour, shop.server, "banner")).toMatchObject({ status: 200, value: false });
    expect(await firedOf(neighbour, "store")).toBeGreaterThan(0);
  });

  test("cold and alone: no value, so that the caller's default applies, within two seconds", async () => {
    const shop = await newShop();
    await far.fault(gone);
    const answer = await evaluate(far, shop.server);
    expect([answer.status, answer.value]).toEqual([200, undefined]);
    expect(answer.ms).toBeLessThanOrEqual(COLD_ANSWER_MS + SLACK_MS);
    await servedInTime(() => far.fault({}), [far], shop.server, is(true));
  });
});

describe("break-glass", () => {
  const press = (isolate: Isolate, project: string, secret = BREAK_GLASS_SECRET) =>
    fetch(new URL(`/api/v1/break-glass/projects/${project}/environments/production/flags/checkout/kill`, isolate.url), {
      method: "POST",
      headers: { Authorization: `Bearer ${secret}`, "Content-Type": "application/json" },
      body: "{}",
    });

  test("kills with KV and a secret alone, reaches isolates elsewhere, and is lifted by a restore although KV still shows it", async () => {
    const shop = await newShop();
    const everywhere = [edge, neighbour, far];
    for (const one of everywhere) await until(one, shop.server, is(true));
    for (const one of everywhere) await one.fault({ store: "hang" });
    expect((await press(edge, shop.project, "wrong")).status).toBe(401);
    const pressIt = async () => {
      const pressed = await press(edge, shop.project);
      expect([pressed.status, await pressed.json()]).toMatchObject([
        200,
        { environments: { production: [{ flag: "checkout", serve: "off" }] } },
      ]);
    };
    // The runbook's bound is KV's minute and a few seconds of our own; here KV is current, so these remain.
    const limits = { limitMs: BREAK_GLASS_MS, pauseMs: 100 };
    await servedInTime(pressIt, everywhere, shop.server, is(false), limits);
    expect(await firedOf(far, "store")).toBeGreaterThan(0);

    for (const one of everywhere) await one.fault({});
    await sleep(1_500);
    expect(await evaluate(far, shop.server)).toMatchObject({ value: false });
    // KV goes on showing the document, for the cleaning of it fails.
    await fleet.store.fault({ kvWrite: "error-500" });
    await servedInTime(() => shop.restore("checkout"), everywhere, shop.server, is(true));
    expect(await firedOf(fleet.store, "kvWrite")).toBeGreaterThan(0);
  });
});
