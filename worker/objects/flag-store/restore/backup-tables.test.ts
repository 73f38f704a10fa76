import { expect, test } from "vitest";
import { inTables, newProject } from "../../../testing/store.ts";
import { TABLES } from "./backup-tables.ts";

test("every table of the store has its place in a backup: carried, emptied or kept", async () => {
  const tables = await inTables(await newProject(), (sql) =>
    sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 1) <> '_' AND substr(name, 1, 7) <> 'sqlite_'",
      )
      .toArray()
      .map(({ name }) => name),
  );
  expect([...TABLES.carried, ...TABLES.emptied, ...TABLES.kept].sort()).toEqual(tables.sort());
});
