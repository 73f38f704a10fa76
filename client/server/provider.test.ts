import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { OpenFeature, ProviderEvents, ProviderStatus } from "@openfeature/server-sdk";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sipHash, sipKey } from "../../shared/hashing/sip-hash.ts";
import { type Kill, type Snapshot, snapshot as snapshotSchema } from "../../shared/schema/snapshot.ts";
import type { BlastdoorProviderOptions, WebSocketLike } from "./options.ts";
import { BlastdoorProvider } from "./provider.ts";
import { FakeEdge, KEY, packed } from "./testing/edge.ts";

const USER = { targetingKey: "u1" };
const onFor = (variant: string) => ({
  ...{ variants: { on: true, off: false }, offVariant: "off", visibility: "public", seed: "s" },
  state: { enabled: true, rules: [], fallthrough: { variant } },
});

function snapshotOf(revision: number, flags: Record<string, unknown> = {}, more: Partial<Snapshot> = {}): Snapshot {
  return snapshotSchema.parse({
    ...{ minReader: 1, project: "p", environment: "e", epoch: 1, revision, keys: [], kills: [] },
    ...{ segments: {}, layers: {}, holdouts: {} },
    flags: { one: onFor("on"), ...flags },
    ...more,
  });
}
const kill = (flag: string, revision: number): Kill => ({
  id: `kill-${flag}-${revision}`,
  flag,
  serve: "off",
  revision,
});

let edge: FakeEdge;
let warned: string[];
let open: BlastdoorProvider[];
let folder: string;
beforeEach(() => {
  edge = new FakeEdge({ snapshot: snapshotOf(1) });
  warned = [];
  open = [];
  folder = mkdtempSync(path.join(tmpdir(), "blastdoor-provider-"));
});
afterEach(async () => {
  await Promise.all(open.map((provider) => provider.onClose()));
  await OpenFeature.clearProviders();
  rmSync(folder, { recursive: true, force: true });
});

function providerWith(more: Partial<BlastdoorProviderOptions> = {}): BlastdoorProvider {
  const provider = new BlastdoorProvider({
    ...{ baseUrl: "http://edge.test/", key: KEY, fetch: edge.fetch, push: false, pollMs: 10, safetyPollMs: 10 },
    logger: { warn: (message: unknown) => warned.push(String(message)) },
    ...more,
  });
  open.push(provider);
  return provider;
}
const value = async (provider: BlastdoorProvider, flag = "one", context: object = USER) =>
  (await provider.resolveBooleanEvaluation(flag, false, context as never)).value;
const pulls = () => edge.asked.filter(({ path }) => path.startsWith("/server/v1/rules"));

test("an SDK with the provider serves flags, hears of changes, and ends everything when it is closed", async () => {
  const provider = providerWith();
  const changes: unknown[] = [];
  OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, (details) => changes.push(details?.flagsChanged));
  await OpenFeature.setProviderAndWait("shop", provider);
  const client = OpenFeature.getClient("shop");
  client.addHandler(ProviderEvents.ConfigurationChanged, (details) => changes.push(details?.flagsChanged));
  expect(await client.getBooleanValue("one", false, USER)).toBe(true);
  edge.known = { snapshot: snapshotOf(2, { two: onFor("on"), one: onFor("off") }) };
  await expect.poll(() => client.getBooleanValue("two", false, USER)).toBe(true);
  expect(await client.getBooleanValue("one", true, USER)).toBe(false);
  expect(changes.at(-1)).toEqual(["one", "two"]);
  await OpenFeature.close();
  const asked = pulls().length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(pulls().length).toBe(asked);
});

test("an imported flag, which buckets as its vendor does, is evaluated in process as well", async () => {
  const bucket = { by: "targetingKey", algorithm: "launchdarkly-sha1", seed: ["flag", "salt"], from: 0, to: 1 };
  const when = { all: [{ bucket }, { attribute: "age", op: "gte", values: [18], as: "number" }] };
  const rules = [{ id: "imported", when, serve: { variant: "on" } }];
  const imported = { ...onFor("off"), state: { ...onFor("off").state, rules } };
  edge.known = { snapshot: snapshotOf(1, { imported }) };
  const provider = providerWith();
  await provider.initialize();
  expect(await value(provider, "imported", { ...USER, age: 20 })).toBe(true);
  expect(await value(provider, "imported", { ...USER, age: 10 })).toBe(false);
  expect(warned).toEqual([]);
});

test("a kill is in force as soon as the answer that names it, and served as OFREP has it", async () => {
  const provider = providerWith();
  await provider.initialize();
  edge.known = { snapshot: snapshotOf(1, {}, { kills: [kill("one", 2)] }), committed: 2 };
  await expect.poll(() => value(provider)).toBe(false);
  expect(await provider.resolveBooleanEvaluation("one", true, USER)).toMatchObject({
    ...{ value: false, variant: "off", reason: "DISABLED", flagMetadata: { killed: true, flagSetId: "p/e" } },
  });
  edge.known = { snapshot: snapshotOf(1), committed: 3 };
  await expect.poll(() => value(provider)).toBe(true);
});

test("an answer of an edge that is behind changes nothing", async () => {
  const provider = providerWith();
  edge.known = { snapshot: snapshotOf(5), committed: 9 };
  await provider.initialize();
  for (const behind of [
    { snapshot: snapshotOf(4, { one: onFor("off") }), committed: 8 },
    { snapshot: snapshotOf(4, { one: onFor("off") }), committed: 9 },
    { snapshot: { ...snapshotOf(7, { one: onFor("off") }), epoch: 0 }, committed: 20 },
  ]) {
    edge.known = behind;
    const before = pulls().length;
    await expect.poll(() => pulls().length).toBeGreaterThan(before + 2);
    expect(await value(provider)).toBe(true);
  }
  edge.known = { snapshot: { ...snapshotOf(1, { one: onFor("off") }), epoch: 2 }, committed: 1 };
  await expect.poll(() => value(provider)).toBe(false);
});

test("a break-glass kill stays in force though another edge has not seen it, until it is restored", async () => {
  const provider = providerWith();
  await provider.initialize();
  edge.known = { snapshot: snapshotOf(1), emergency: [kill("one", 1)] };
  await expect.poll(() => value(provider)).toBe(false);
  edge.known = { snapshot: snapshotOf(2) };
  const before = pulls().length;
  await expect.poll(() => pulls().length).toBeGreaterThan(before + 2);
  expect(await value(provider)).toBe(false);
  edge.known = { snapshot: snapshotOf(3), restored: ["kill-one-1"] };
  await expect.poll(() => value(provider)).toBe(true);
});

test("a change of one flag of a thousand comes as a patch: bytes of the flag, not of the rules", async () => {
  const many = (last: string) =>
    Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`f${n}`, onFor(n === 999 ? last : "on")]));
  edge.known = { snapshot: snapshotOf(1, many("on")), perBlock: 128 };
  const provider = providerWith();
  await provider.initialize();
  const [whole] = pulls();
  edge.known = { snapshot: snapshotOf(2, many("off")), perBlock: 128 };
  await expect.poll(() => value(provider, "f999")).toBe(false);
  const patch = pulls().findLast(({ bytes }) => bytes > 0);
  expect(whole?.bytes).toBeGreaterThan(100_000);
  expect(patch?.bytes).toBeLessThan(3_000);
  // Nothing changes: nothing comes.
  const before = pulls().length;
  await expect.poll(() => pulls().length).toBeGreaterThan(before + 1);
  expect(pulls().at(-1)?.bytes).toBe(0);
});

test("a patch of what is not held is made good by asking for everything", async () => {
  const provider = providerWith({ refresh: "lazy", pollMs: 0 });
  const lying = new FakeEdge({ snapshot: snapshotOf(1) });
  await provider.initialize();
  const answer = JSON.parse(lying.answer(null));
  const rest = { ...answer, version: "1.9-lost", committed: 9, blocks: ["f".repeat(64)], texts: {} };
  const asked: string[] = [];
  const confused = new BlastdoorProvider({
    ...{ baseUrl: "http://edge.test", key: KEY, refresh: "lazy", pollMs: 0, logger: { warn() {} } },
    fetch: (async (url: string) => {
      asked.push(new URL(url).searchParams.get("from") ?? "everything");
      return Response.json(asked.length === 2 ? rest : answer);
    }) as typeof fetch,
  });
  await confused.initialize();
  await confused.evaluateAll(USER);
  expect(asked).toEqual(["everything", answer.version, "everything"]);
  expect(await value(confused)).toBe(true);
});

test("texts that are not what their hash says are not used", async () => {
  const answer = JSON.parse(edge.answer(null));
  const [hash] = answer.blocks;
  const forged = { ...answer, texts: { [hash]: answer.texts[hash].replace('"on":true', '"on":false') } };
  const provider = providerWith({ fetch: (async () => Response.json(forged)) as typeof fetch });
  await expect(provider.initialize()).rejects.toThrow();
  expect(await provider.resolveBooleanEvaluation("one", true, USER)).toMatchObject({
    ...{ value: true, errorCode: "PROVIDER_NOT_READY" },
  });
});

test("rules of another environment than the key's are not used", async () => {
  edge.known = { snapshot: { ...snapshotOf(1), environment: "other" } };
  await expect(providerWith().initialize()).rejects.toThrow("p/other");
});

test("while nothing answers, the last rules stay in force; the provider says STALE, and READY when it is over", async () => {
  const provider = providerWith({ staleMs: 50 });
  await OpenFeature.setProviderAndWait("shop", provider);
  const client = OpenFeature.getClient("shop");
  edge.fail = "unreachable";
  await expect.poll(() => client.providerStatus, { timeout: 10_000 }).toBe(ProviderStatus.STALE);
  expect(await client.getBooleanValue("one", false, USER)).toBe(true);
  edge.fail = null;
  await expect.poll(() => client.providerStatus, { timeout: 20_000 }).toBe(ProviderStatus.READY);
});

test("a revoked key: the last rules stay in force, and the provider says ERROR with the reason", async () => {
  const provider = providerWith();
  await OpenFeature.setProviderAndWait("shop", provider);
  const client = OpenFeature.getClient("shop");
  const errors: (string | undefined)[] = [];
  client.addHandler(ProviderEvents.Error, (details) => errors.push(details?.message));
  edge.fail = { status: 401, title: "Send a server key that is in force" };
  await expect.poll(() => errors.at(-1)).toContain("Send a server key that is in force");
  expect(await client.getBooleanValue("one", false, USER)).toBe(true);
  expect(client.providerStatus).toBe(ProviderStatus.ERROR);
});

test.each([
  [401, ProviderStatus.FATAL],
  [403, ProviderStatus.FATAL],
  [410, ProviderStatus.FATAL],
  [503, ProviderStatus.ERROR],
])(
  "a start that is answered %i: %s, the caller's defaults, and READY once it is answered",
  async (status, expected) => {
    edge.fail = { status, title: "the fix" };
    const provider = providerWith();
    await expect(OpenFeature.setProviderAndWait("shop", provider)).rejects.toThrow("the fix");
    const client = OpenFeature.getClient("shop");
    expect(client.providerStatus).toBe(expected);
    expect(await client.getBooleanValue("one", false, USER)).toBe(false);
    edge.fail = null;
    await expect.poll(() => client.providerStatus, { timeout: 20_000 }).toBe(ProviderStatus.READY);
    expect(await client.getBooleanValue("one", false, USER)).toBe(true);
  },
);

test("a start without an answer begins with the file of the last run, else with the bundled rules", async () => {
  const cacheFile = path.join(folder, "rules.json");
  const bundled = edge.answer(null);
  edge.known = { snapshot: snapshotOf(2, { two: onFor("on") }) };
  const first = providerWith({ cacheFile });
  await first.initialize();
  await expect.poll(() => JSON.parse(readFileSync(cacheFile, "utf8")).revision).toBe(2);
  await first.onClose();
  if (process.platform !== "win32") expect(statSync(cacheFile).mode & 0o077).toBe(0);

  edge.fail = "unreachable";
  const offline = providerWith({ cacheFile, initialRules: bundled });
  await offline.initialize();
  expect(await value(offline, "two")).toBe(true);
  for (const kept of ["{ half", undefined]) {
    if (kept === undefined) rmSync(cacheFile);
    else writeFileSync(cacheFile, kept);
    const fallback = providerWith({ cacheFile, initialRules: kept === undefined ? JSON.parse(bundled) : bundled });
    await fallback.initialize();
    expect([await value(fallback, "one"), await value(fallback, "two")]).toEqual([true, false]);
  }
  edge.fail = null;
  await expect.poll(() => value(offline, "one"), { timeout: 20_000 }).toBe(true);
});

test("long lists are here whole, kept in the file, and unknown only while they cannot be had", async () => {
  const key = "0".repeat(32);
  const listed = { by: "targetingKey", included: [], excluded: [] };
  const rule = { id: "vip", when: { segment: "vip" }, serve: { variant: "on" } };
  const flags = { one: { ...onFor("off"), state: { enabled: true, rules: [rule], fallthrough: { variant: "off" } } } };
  const list = { version: "3-1", key, count: 1, shards: ["3-1"] };
  const cacheFile = path.join(folder, "rules.json");
  edge.known = { snapshot: snapshotOf(1, flags, { segments: { vip: { ...listed, list } } as never }) };
  const provider = providerWith({ cacheFile });
  await provider.initialize();
  expect(await value(provider)).toBe(false);
  expect(warned.join()).toContain("vip/3-1/0");
  edge.shards.set("vip/3-1/0", packed([sipHash(sipKey(key), "u1")]));
  edge.known = { ...edge.known, committed: 2 };
  await expect.poll(() => value(provider)).toBe(true);
  expect(await value(provider, "one", { targetingKey: "u2" })).toBe(false);
  // A change elsewhere reads no shard again.
  const shardReads = () => edge.asked.filter(({ path }) => path.includes("/lists/")).length;
  const before = shardReads();
  edge.known = { snapshot: { ...edge.known.snapshot, revision: 3 } };
  const asked = pulls().length;
  await expect.poll(() => pulls().length).toBeGreaterThan(asked + 2);
  expect(shardReads()).toBe(before);
  expect(await value(provider)).toBe(true);
});

test("a flag whose onStale says so gives up by itself, though no poll tells of it", async () => {
  const state = { ...onFor("on").state, onStale: { action: "killVariant", afterSeconds: 5 }, killVariant: "off" };
  edge.known = { snapshot: snapshotOf(1, { brake: { ...onFor("on"), state } }) };
  const provider = providerWith();
  await provider.initialize();
  expect(await value(provider, "brake")).toBe(true);
  edge.ageS = 60;
  edge.known = { ...edge.known, committed: 2 };
  // A fresher confirmation counts more than an older edge's.
  expect(await value(provider, "brake")).toBe(true);
  edge.fail = "unreachable";
  const late = providerWith({ initialRules: edge.answer(null) });
  await late.initialize();
  expect(await value(late, "brake")).toBe(false);
  expect(await value(late, "one")).toBe(true);
});

test("an evaluation makes no promise, no details and no copy of its context anew", async () => {
  const provider = providerWith();
  await provider.initialize();
  const first = provider.resolveBooleanEvaluation("one", false, USER);
  for (const context of [USER, { targetingKey: "u2" }, { targetingKey: "u1", at: new Date(0) }])
    expect(provider.resolveBooleanEvaluation("one", true, context)).toBe(first);
  expect(Object.isFrozen(await first)).toBe(true);
});

test("an object value is shared by all, so nobody can change it", async () => {
  const flag = { ...onFor("on"), variants: { on: { limits: [1, 2] }, off: {} } };
  edge.known = { snapshot: snapshotOf(1, { config: flag }) };
  const provider = providerWith();
  await provider.initialize();
  const { value } = await provider.resolveObjectEvaluation("config", {}, USER);
  expect(() => (value as { limits: number[] }).limits.push(3)).toThrow();
});

test("a context that only the edge can judge, or that is none, gets the caller's default and the reason", async () => {
  const provider = providerWith();
  await provider.initialize();
  const circle: Record<string, unknown> = { targetingKey: "u1" };
  circle.self = circle;
  for (const context of [{ ...USER, blastdoorContext: "e30.e30.c2ln" }, circle])
    expect(await provider.resolveBooleanEvaluation("one", false, context as never)).toMatchObject({
      ...{ value: false, reason: "ERROR", errorCode: "INVALID_CONTEXT" },
    });
  expect(await provider.resolveStringEvaluation("one", "blue", USER)).toMatchObject({
    ...{ value: "blue", errorCode: "TYPE_MISMATCH" },
  });
});

test("flags that were evaluated are told once, those of versions before included", async () => {
  edge.known = { snapshot: snapshotOf(1, { two: onFor("on"), unused: onFor("on") }) };
  const provider = providerWith();
  await provider.initialize();
  await value(provider, "one");
  edge.known = { snapshot: snapshotOf(2, { two: onFor("off") }) };
  await expect.poll(() => value(provider, "two")).toBe(false);
  await provider.onClose();
  expect(edge.usage.map((flags) => flags.toSorted())).toEqual([["one", "two"]]);
});

test("a message on the push connection brings the change at once, with the number that it names", async () => {
  const sockets: (WebSocketLike & { url: string; headers: Record<string, string>; isClosed: boolean })[] = [];
  class Socket {
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: string }) => void) | null = null;
    onclose: (() => void) | null = null;
    onerror: (() => void) | null = null;
    isClosed = false;
    readonly url: string;
    readonly headers: Record<string, string>;
    constructor(url: string, options: { headers: Record<string, string> }) {
      this.url = url;
      this.headers = options.headers;
      sockets.push(this as never);
      queueMicrotask(() => this.onopen?.());
    }
    close() {
      this.isClosed = true;
    }
  }
  const slow = { pollMs: 600_000, safetyPollMs: 600_000 };
  const provider = providerWith({ ...slow, push: true, WebSocket: Socket as never });
  await provider.initialize();
  const [socket] = sockets;
  expect(socket?.url).toBe("ws://edge.test/server/v1/changes");
  expect(socket?.headers).toEqual({ Authorization: `Bearer ${KEY}` });
  edge.known = { snapshot: snapshotOf(2, { one: onFor("off") }) };
  (socket as unknown as Socket).onmessage?.({ data: '{"version": 2}' });
  await expect.poll(() => value(provider)).toBe(false);
  expect(pulls().at(-1)?.path).toContain("change=2");
  await provider.onClose();
  expect(socket?.isClosed).toBe(true);
});

test("lazily, as on Workers, an evaluation refreshes what is older than the interval, and nothing else does", async () => {
  const provider = providerWith({ refresh: "lazy", pollMs: 0 });
  await provider.initialize();
  const patient = providerWith({ refresh: "lazy", pollMs: 600_000 });
  await patient.initialize();
  const asked = pulls().length;
  edge.known = { snapshot: snapshotOf(2, { one: onFor("off") }) };
  expect([await value(patient), pulls().length]).toEqual([true, asked]);
  expect([await value(provider), pulls().length]).toEqual([false, asked + 1]);
});

test.each([
  [{ baseUrl: "flags.shop.example" }, "baseUrl"],
  [{ baseUrl: "ftp://flags.shop.example" }, "baseUrl"],
  [{ key: "" }, "key"],
])("%o is refused when the provider is made, by the name of the option", (wrong, named) => {
  expect(() => providerWith(wrong)).toThrow(named);
});
