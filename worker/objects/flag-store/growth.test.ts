import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { env } from "../../testing/bindings.ts";
import { accepted, aFlag, envelope, inTables, must, newProject, stubOf } from "../../testing/store.ts";
import type { Command } from "./commands.ts";
import { FlagStore } from "./flag-store.ts";
import type { ProjectTables } from "./project-tables.ts";

// What a command costs must not grow with the number of flags. Rows and characters are counted, not time.

const SMALL = 600;
const LARGE = 3_000;
const at = { environment: "production", flag: "f-7" };
const rule = { id: "r", when: { attribute: "plan", op: "equals", values: ["pro"] }, serve: { variant: "on" } };
/** Commands; those that take back what another one did are given its revision. */
const commands: Record<string, object | ((revision: number) => object)> = {
  "a kill": { type: "kill", ...at },
  "a restore": { type: "restore", ...at },
  "an edit of rules": { type: "patchState", ...at, patch: { rules: [rule] } },
  "an edit that asks for another flag": {
    type: "patchState",
    ...at,
    patch: { prerequisites: [{ flag: "f-8", variants: ["on"] }] },
  },
  "an undo": (revision) => ({ type: "revert", revision, alone: true }),
  "a revert of one flag": (revision) => ({ type: "revert", revision: revision - 1, flag: "f-7" }),
  "an edit of a definition": { type: "patchFlag", flag: "f-9", patch: { description: "other" } },
  "a new flag": { type: "putFlag", flag: "new", definition: aFlag },
  "an import of one flag": {
    type: "import",
    document: {
      ...{ format: "blastdoor-export-1", project: "p", environments: {} },
      flags: { "f-13": { ...aFlag, description: "imported" } },
      states: { production: { "f-13": { enabled: true, rules: [rule], fallthrough: { variant: "off" } } } },
    },
  },
  "a flag put away": { type: "archiveFlag", flag: "f-11" },
  "a variant taken away": {
    type: "putFlag",
    flag: "f-12",
    definition: { ...aFlag, variants: { on: "on", off: "off" } },
  },
  "a schedule": {
    type: "createSchedule",
    ...at,
    at: new Date(Date.now() + 86_400_000).toISOString(),
    patch: { enabled: true },
  },
};

/** Flags as an import leaves them: every other one asks for the one before it. */
async function projectOf(count: number): Promise<string> {
  const project = await newProject();
  const index = Array.from({ length: count }, (_, n) => n);
  await inTables(project, (sql) => {
    const put = (entity: string, environment: string, key: string, from: string, body = "body") =>
      sql.exec(
        `INSERT INTO document SELECT entity, ?, ?, version, ${body}, created_at, updated_at, revision FROM document
         WHERE entity = ? AND key = ?`,
        environment,
        key,
        entity,
        from,
      );
    for (const n of index) {
      put("flag", "", `f-${n}`, "checkout", `replace(body, '"seed":"checkout"', '"seed":"f-${n}"')`);
      const asks = `'"prerequisites":[{"flag":"f-${n - 1}","variants":["on"]}]'`;
      put(
        "state",
        "production",
        `f-${n}`,
        "checkout",
        n % 2 === 1 ? `replace(body, '"prerequisites":[]', ${asks})` : "body",
      );
    }
    // As documents of an earlier version: nothing is derived of them yet.
    for (const table of ["document_count", "document_mention"]) sql.exec(`DELETE FROM ${table}`);
    sql.exec("DELETE FROM derived WHERE name <> 'rendering'");
    sql.exec("INSERT OR REPLACE INTO render_sweep (environment, after) VALUES ('production', '')");
  });
  await runInDurableObject(stubOf(project), async (instance) => (instance as unknown as FlagStore).alarm());
  await must(project, { type: "patchState", environment: "production", flag: "checkout", patch: { enabled: true } });
  await must(project, { type: "putFlag", flag: "counts-flags", definition: aFlag });
  await expect
    .poll(() => inTables(project, (sql) => sql.exec("SELECT 1 FROM outbox").toArray()), { timeout: 60_000 })
    .toEqual([]);
  return project;
}

/** Rows that each command reads and writes, its publication included, and characters of documents that it reads. */
function costs(project: string): Promise<Record<string, { rows: number; chars: number }>> {
  return runInDurableObject(stubOf(project), async (_instance: DurableObject, state) => {
    let cursors: { rowsRead: number; rowsWritten: number }[] = [];
    const sql = new Proxy(state.storage.sql, {
      get(target, name) {
        if (name !== "exec") return Reflect.get(target, name);
        return (...asked: Parameters<SqlStorage["exec"]>) => {
          const cursor = target.exec(...asked);
          cursors.push(cursor);
          return cursor;
        };
      },
    });
    const bound = (target: object, name: string | symbol) => {
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    };
    const storage = new Proxy(state.storage, { get: (target, name) => (name === "sql" ? sql : bound(target, name)) });
    const counted = new Proxy(state, { get: (target, name) => (name === "storage" ? storage : bound(target, name)) });
    const store = new FlagStore(counted, env);
    const tables = (store as unknown as { tables: ProjectTables }).tables;
    const found: Record<string, { rows: number; chars: number }> = {};
    for (const [what, command] of Object.entries(commands)) {
      cursors = [];
      const before = tables.charsRead;
      const made = typeof command === "function" ? command(tables.auditLog.latestRevision) : command;
      accepted(await store.execute(envelope(project, made as Command)));
      await expect.poll(() => tables.publications.pending()).toEqual([]);
      const rows = cursors.reduce((sum, { rowsRead, rowsWritten }) => sum + rowsRead + rowsWritten, 0);
      found[what] = { rows, chars: tables.charsRead - before };
    }
    return found;
  });
}

test("a command of a project of many flags reads and writes what it does of few", { timeout: 180_000 }, async () => {
  const few = await costs(await projectOf(SMALL));
  const many = await costs(await projectOf(LARGE));
  for (const what of Object.keys(commands)) {
    // Beside the changed block's entries, a publication lists the blocks, one for a hundred flags or more, a few times.
    const blocks = ((LARGE - SMALL) / 100) * 12;
    expect(many[what]?.rows, what).toBeLessThan((few[what]?.rows ?? 0) + blocks + 512);
    expect(many[what]?.rows, what).toBeLessThan(LARGE);
    expect(many[what]?.chars, what).toBeLessThan(2 * (few[what]?.chars ?? 0) + 5_000);
  }
});
