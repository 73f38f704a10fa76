import { createExecutionContext } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import worker from "../../index.ts";
import { env } from "../../testing/bindings.ts";
import { envelope, inStore, inTables, must, newProject } from "../../testing/store.ts";
import { DIRECTORY_MIGRATIONS } from "../directory/migrations.ts";
import { FlagStore } from "../flag-store/flag-store.ts";
import { FLAG_STORE_MIGRATIONS } from "../flag-store/migrations.ts";
import { migrate, OlderThanData } from "./migrations.ts";

const names = (sql: SqlStorage) =>
  sql
    .exec<{ name: string }>("SELECT name FROM migration ORDER BY position")
    .toArray()
    .map(({ name }) => name);
const all = FLAG_STORE_MIGRATIONS.map(({ name }) => name);

test("a new store has every migration, in order", async () => {
  expect(await inTables(await newProject(), names)).toEqual(all);
});

test("names are numbered without gaps: the list only grows at its end", () => {
  for (const migrations of [FLAG_STORE_MIGRATIONS, DIRECTORY_MIGRATIONS]) {
    expect(migrations.map(({ name }) => Number(name.slice(0, 4)))).toEqual(migrations.map((_, index) => index + 1));
  }
});

describe("a database that this code does not know", () => {
  test.each([
    [
      "changed by newer code",
      "INSERT INTO migration (position, name, breaking) VALUES (99, '0100-future', 1)",
      "0100-future",
    ],
    ["with another history", "UPDATE migration SET name = '0001-other' WHERE position = 0", "0001-other"],
  ])("(%s) is refused rather than misread, and nothing in it is touched", async (_which, alter, named) => {
    const project = await newProject();
    await inStore(project, {}, async (_store, state) => {
      const { sql } = state.storage;
      const rows = () => sql.exec("SELECT * FROM document ORDER BY entity, environment, key").toArray();
      const before = rows();
      sql.exec(alter);
      expect(() => new FlagStore(state, env)).toThrow(named);
      expect(rows()).toEqual(before);
      sql.exec("DELETE FROM migration WHERE position = 99");
      sql.exec("UPDATE migration SET name = '0001-documents' WHERE position = 0");
      expect(new FlagStore(state, env).getFlag("checkout")).toMatchObject({ key: "checkout", version: 1 });
    });
  });
});

test("what newer code only added to keeps an older version at work, and is there when the newer one comes back", async () => {
  const project = await newProject();
  await inStore(project, {}, async (_store, state) => {
    const { sql } = state.storage;
    const future = { name: "0100-future", sql: "CREATE TABLE future (x); INSERT INTO future VALUES (1)" };
    const newer = [...FLAG_STORE_MIGRATIONS, future];
    migrate(state.storage, newer);
    const older = new FlagStore(state, env);
    const kill = { type: "kill", environment: "production", flag: "checkout" } as const;
    expect(await older.execute(envelope(project, kill))).toMatchObject({ ok: true });
    migrate(state.storage, newer);
    expect(names(sql)).toEqual([...all, future.name]);
    expect(sql.exec("SELECT x FROM future").toArray()).toEqual([{ x: 1 }]);
    sql.exec("DROP TABLE future");
    sql.exec("DELETE FROM migration WHERE name = ?", future.name);
  });
});

test("a list that an earlier version wrote says nothing of kinds, and is taken as additive", async () => {
  const project = await newProject();
  await inStore(project, {}, async (_store, { storage }) => {
    const { sql } = storage;
    sql.exec("ALTER TABLE migration DROP COLUMN breaking");
    sql.exec("INSERT INTO migration (position, name) VALUES (99, '0100-future')");
    migrate(storage, FLAG_STORE_MIGRATIONS);
    expect(names(sql)).toEqual([...all, "0100-future"]);
    sql.exec("DELETE FROM migration WHERE position = 99");
  });
});

test("administration says that its deployment is older than the data, and what to do", async () => {
  // What an object whose constructor throws looks like to its caller.
  const failing = {
    idFromName: () => null,
    get: () => ({ fetch: () => Promise.reject(new Error(new OlderThanData("0100-future").message)) }),
  } as unknown as DurableObjectNamespace;
  const request = new Request("https://flags.example.net/api/v1/projects/shop", {
    headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}` },
  });
  const answer = await worker.fetch(request as never, { ...env, FLAG_STORE: failing }, createExecutionContext());
  const problem = await answer.json<{ code: string; detail: string }>();
  expect([answer.status, problem.code]).toEqual([503, "deployment-outdated"]);
  expect(problem.detail).toContain("Deploy that version, or a later one, again");
});

test("an older database is brought up to date, and its rows survive", async () => {
  const project = await newProject();
  await must(project, { type: "kill", environment: "production", flag: "checkout" });
  await inStore(project, {}, async (_store, state) => {
    const { sql } = state.storage;
    const rows = () => sql.exec("SELECT * FROM document ORDER BY entity, environment, key").toArray();
    const before = rows();
    // As the first release left it.
    const [first, ...later] = FLAG_STORE_MIGRATIONS;
    for (const { sql: made } of later) {
      for (const [, table] of made.matchAll(/CREATE TABLE (\w+)/g)) sql.exec(`DROP TABLE ${table}`);
    }
    sql.exec("DELETE FROM migration WHERE position > 0");
    expect(names(sql)).toEqual([first?.name]);
    const store = new FlagStore(state, env);
    expect(names(sql)).toEqual(all);
    expect(rows()).toEqual(before);
    expect(store.pointer()?.environments.production?.kills).toHaveLength(1);
    expect(store.propagation("production")).toEqual({ changes: [], centres: [] });
  });
});

test("a migration that fails leaves the database as it was", async () => {
  const project = await newProject();
  await inStore(project, {}, async (_store, { storage }) => {
    const bad = { name: "9999-bad", sql: "CREATE TABLE extra (x); SELECT nonsense" };
    expect(() => migrate(storage, [...FLAG_STORE_MIGRATIONS, bad])).toThrow("nonsense");
    expect(names(storage.sql)).toEqual(all);
    expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'extra'").toArray()).toEqual([]);
  });
});
