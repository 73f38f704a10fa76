import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { verifyPublished } from "../../../kv/snapshot-store.ts";
import { env } from "../../../testing/bindings.ts";
import { newName } from "../../../testing/names.ts";
import {
  accepted,
  brokenKv,
  envelope,
  inStore,
  inTables,
  must,
  newProject,
  storeOf,
  stubOf,
} from "../../../testing/store.ts";
import { FlagStore } from "../flag-store.ts";

const at = { environment: "production", flag: "checkout" };
const failing = brokenKv(() => Promise.reject(new Error("KV answers 500")));
const production = async (project: string) => (await storeOf(project).pointer())?.environments.production;
const keysInKv = async (project: string) =>
  (await env.SNAPSHOTS.list({ prefix: `snapshots/${project}/` })).keys.map(({ name }) => name);
const inTable = (project: string, query: string) => inTables(project, (sql) => sql.exec(query).toArray());

/** Carries commands out on a store whose KV does not work. Its alarm is taken away: tests ring it themselves. */
const withoutKv = (project: string, ...commands: Parameters<typeof must>[1][]) =>
  inStore(project, { SNAPSHOTS: failing }, async (store, { storage }) => {
    for (const command of commands) accepted(await store.execute(envelope(project, command)));
    await storage.deleteAlarm();
  });
/** The alarm rings when everything that waits has become due, and KV works again. */
const ring = (project: string) =>
  inStore(project, {}, async (store, { storage }) => {
    storage.sql.exec("UPDATE outbox SET due_at = 0");
    await store.alarm();
  });

describe("publishing", () => {
  test("puts a snapshot into KV that has the hash, the revision and the environment that the pointer names", async () => {
    const project = await newProject();
    const { revision } = await must(project, { type: "patchState", ...at, patch: { enabled: true } });
    const named = await production(project);
    expect(named?.revision).toBe(revision);
    const key = `snapshots/${project}/production/${named?.revision}-${named?.hash}`;
    const body = (await env.SNAPSHOTS.get(key)) ?? "";
    const expected = { project, environment: "production", revision, hash: named?.hash ?? "" };
    expect(verifyPublished(body, expected)).toMatchObject({ ok: true, published: { snapshot: { epoch: 1 } } });
    expect(await storeOf(project).snapshot("production", named?.hash ?? "")).toBe(body);
  });

  test("holds nothing about flags that no edge should know", async () => {
    const project = await newProject();
    const secret = { description: "the secret plan", owner: "payments", tags: ["q4"] };
    await must(project, { type: "patchFlag", flag: "checkout", patch: secret });
    const body = (await storeOf(project).snapshot("production", (await production(project))?.hash ?? "")) ?? "";
    expect(body).toContain("checkout");
    for (const word of ["secret plan", "payments", "q4"]) expect(body).not.toContain(word);
  });

  test("while KV fails, acknowledges the write, keeps the old pointer and everything needed to go on", async () => {
    const project = await newProject();
    const before = await production(project);
    await withoutKv(project, { type: "patchState", ...at, patch: { enabled: true } });
    expect(await storeOf(project).getState("production", "checkout")).toMatchObject({ enabled: true });
    expect(await production(project)).toEqual(before);
    expect(await inTable(project, "SELECT environment, attempts FROM outbox")).toEqual([
      { environment: "production", attempts: 1 },
    ]);
  });

  test("is caught up by the alarm once KV is back", async () => {
    const project = await newProject();
    await withoutKv(
      project,
      { type: "patchState", ...at, patch: { enabled: true } },
      { type: "putProject", name: "Renamed" },
    );
    await inTables(project, (sql) => sql.exec("UPDATE outbox SET due_at = 0"));
    await inStore(project, {}, (_store, { storage }) => storage.setAlarm(Date.now() + 60_000));
    expect(await runDurableObjectAlarm(stubOf(project))).toBe(true);
    expect(await production(project)).toMatchObject({ revision: (await storeOf(project).pointer())?.revision });
    expect(await inTable(project, "SELECT * FROM outbox")).toEqual([]);
    expect((await keysInKv(project)).some((key) => key.includes(`/${4}-`))).toBe(true);
  });

  test("is tried again and again, later each time, as long as KV fails", async () => {
    const project = await newProject();
    await withoutKv(project, { type: "patchState", ...at, patch: { enabled: true } });
    for (const attempts of [2, 3, 4]) {
      await inStore(project, { SNAPSHOTS: failing }, async (store, { storage }) => {
        await store.alarm();
        await storage.deleteAlarm();
      });
      const [row] = await inTables(project, (sql) =>
        sql
          .exec<{ attempts: number; wait: number }>("SELECT attempts, due_at - committed_at AS wait FROM outbox")
          .toArray(),
      );
      expect(row?.attempts).toBe(attempts);
      expect(row?.wait).toBeGreaterThanOrEqual(1_000 * 2 ** (attempts - 1));
    }
  });

  test("does not make a kill wait for KV: it is in the pointer with the acknowledgement", async () => {
    const project = await newProject();
    await withoutKv(project, { type: "kill", ...at });
    expect((await production(project))?.kills).toMatchObject([{ flag: "checkout", serve: "off" }]);
  });

  test("tells the directory of a new project, also when that fails at first", async () => {
    const project = newName();
    const absent = { idFromName: () => "", get: () => ({ fetch: () => Promise.reject(new Error("no directory")) }) };
    await inStore(project, { DIRECTORY: absent as never }, async (store) =>
      accepted(await store.execute(envelope(project, { type: "putProject", name: "Late" }))),
    );
    expect(await inTable(project, "SELECT environment FROM outbox")).toEqual([{ environment: "" }]);
    await ring(project);
    expect(await inTable(project, "SELECT environment FROM outbox")).toEqual([]);
  });
});

describe("a restored kill", () => {
  test("stays in the pointer until the snapshot without it is published", async () => {
    const project = await newProject();
    await must(project, { type: "patchState", ...at, patch: { enabled: true } });
    await must(project, { type: "kill", ...at });
    await withoutKv(project, { type: "restore", ...at });
    expect(await storeOf(project).getState("production", "checkout")).toMatchObject({ kills: [] });
    expect((await production(project))?.kills).toMatchObject([{ flag: "checkout" }]);
    await ring(project);
    const { revision } = (await storeOf(project).pointer()) ?? {};
    expect(await production(project)).toMatchObject({ revision, kills: [] });
    expect(await inTable(project, "SELECT key FROM document WHERE entity = 'kill'")).toEqual([]);
  });

  test("that was killed again meanwhile is in force again, under a new id", async () => {
    const project = await newProject();
    await must(project, { type: "kill", ...at });
    const [first] = (await production(project))?.kills ?? [];
    await withoutKv(project, { type: "restore", ...at }, { type: "kill", ...at });
    expect((await production(project))?.kills).toHaveLength(2);
    await ring(project);
    const kills = (await production(project))?.kills ?? [];
    expect(kills).toHaveLength(1);
    expect(kills[0]?.id).not.toBe(first?.id);
  });
});

describe("old snapshots", () => {
  test("are kept for a while and then deleted, from KV and from the store, except the current one", async () => {
    const project = await newProject();
    for (const enabled of [true, false, true]) await must(project, { type: "patchState", ...at, patch: { enabled } });
    const current = await production(project);
    const before = await keysInKv(project);
    await inStore(project, {}, (store) => store.alarm());
    expect(await keysInKv(project)).toEqual(before);
    expect(before.length).toBeGreaterThan(3);
    await inTables(project, (sql) => sql.exec("UPDATE retired SET delete_at = 0"));
    await inStore(project, {}, (store) => store.alarm());
    const key = `snapshots/${project}/production/${current?.revision}-${current?.hash}`;
    expect(await keysInKv(project)).toEqual([key]);
    expect(await inTable(project, "SELECT DISTINCT kv_key FROM snapshot_part")).toEqual([{ kv_key: key }]);
    expect(await inTable(project, "SELECT * FROM retired")).toEqual([]);
  });

  test("that KV does not let go are deleted later", async () => {
    const project = await newProject();
    await must(project, { type: "patchState", ...at, patch: { enabled: true } });
    await inTables(project, (sql) => sql.exec("UPDATE retired SET delete_at = 0"));
    await inStore(project, { SNAPSHOTS: failing }, (store) => store.alarm());
    expect((await inTable(project, "SELECT * FROM retired")).length).toBeGreaterThan(0);
    await inTables(project, (sql) => sql.exec("UPDATE retired SET delete_at = 0"));
    await inStore(project, {}, (store) => store.alarm());
    expect(await inTable(project, "SELECT * FROM retired")).toEqual([]);
  });

  test("leave nothing behind that was rendered and never published", async () => {
    const project = await newProject();
    await withoutKv(project, { type: "patchState", ...at, patch: { enabled: true } });
    await withoutKv(project, { type: "patchState", ...at, patch: { enabled: false } });
    await ring(project);
    await inTables(project, (sql) => sql.exec("UPDATE retired SET delete_at = 0"));
    await inStore(project, {}, (store) => store.alarm());
    const kept = await inTable(project, "SELECT DISTINCT kv_key FROM snapshot_part");
    const named = await production(project);
    expect(kept).toEqual([{ kv_key: `snapshots/${project}/production/${named?.revision}-${named?.hash}` }]);
  });
});

describe("an environment that is deleted", () => {
  test("leaves the pointer at once", async () => {
    const project = await newProject();
    await must(project, { type: "deleteEnvironment", environment: "production" });
    expect((await storeOf(project).pointer())?.environments).toEqual({});
  });

  test("is not published by a run that began before", async () => {
    const project = await newProject();
    const meanwhile = envelope(project, { type: "deleteEnvironment", environment: "production" });
    let deleted = false;
    let remove = async () => {};
    const slow = { put: () => remove() } as unknown as KVNamespace;
    await inStore(project, { SNAPSHOTS: slow }, async (store, state) => {
      const other = new FlagStore(state, env);
      remove = async () => {
        deleted = accepted(await other.execute(meanwhile)).changed;
      };
      await store.execute(envelope(project, { type: "patchState", ...at, patch: { enabled: true } }));
      await scheduler.wait(0);
      expect(deleted).toBe(true);
      expect(store.pointer()?.environments).toEqual({});
    });
  });
});
