import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import type { FlagStore } from "../../worker/objects/flag-store/flag-store.ts";

/*
 * FlagStore in Node, on the same SQLite: in workerd the clock stands still while an object computes, so that nobody can
 * tell from within how long a slice took. Here the event loop tells.
 */

type Value = string | number | null | ArrayBuffer;

/** Calls of KV answer after this long (ms). */
const KV_MS = 2;

class Sql {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  exec(query: string, ...bindings: Value[]) {
    // Several statements in one text, as migrations have them.
    if (bindings.length === 0 && query.trim().replace(/;$/, "").includes(";")) {
      this.#database.exec(query);
      return cursor([], 0);
    }
    let statement = this.#statements.get(query);
    if (!statement) {
      statement = this.#database.prepare(query);
      this.#statements.set(query, statement);
    }
    const values = bindings.map((value) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value));
    // A statement that answers no columns tells how many rows it has written.
    if (statement.columns().length > 0) return cursor(statement.all(...(values as SQLInputValue[])), 0);
    return cursor([], Number(statement.run(...(values as SQLInputValue[])).changes));
  }
}

const cursor = (rows: unknown[], rowsWritten: number) => ({
  toArray: () => rows,
  one: () => rows[0],
  rowsWritten,
  [Symbol.iterator]: () => rows[Symbol.iterator](),
});

/** Undone when `work` throws, also inside another one. */
function transactions(database: DatabaseSync) {
  let depth = 0;
  return <T>(work: () => T): T => {
    const name = `s${depth++}`;
    database.exec(`SAVEPOINT ${name}`);
    try {
      const result = work();
      database.exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      throw error;
    } finally {
      depth--;
    }
  };
}

/** What was written to KV, by key. */
class Kv {
  readonly values = new Map<string, unknown>();
  /** Characters written since this was set to zero. */
  written: [key: string, chars: number][] = [];

  async put(key: string, value: string | Uint8Array): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, KV_MS));
    this.values.set(key, value);
    this.written.push([key, value.length]);
  }

  async get(key: string): Promise<unknown> {
    return this.values.get(key) ?? null;
  }

  async delete(key: string): Promise<void> {
    this.values.delete(key);
  }

  async list() {
    return { keys: [], list_complete: true };
  }
}

async function storeClass(folder: string): Promise<typeof FlagStore> {
  const outfile = path.join(folder, "flag-store.mjs");
  await build({
    stdin: {
      contents: 'export { FlagStore } from "./flag-store.ts";',
      resolveDir: path.resolve(import.meta.dirname, "../../worker/objects/flag-store"),
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    target: "es2024",
    platform: "node",
    external: ["cloudflare:workers"],
    outfile,
    logLevel: "silent",
  });
  const module = await import(pathToFileURL(outfile).href);
  return (module as { FlagStore: typeof FlagStore }).FlagStore;
}

export interface NodeStore extends Disposable {
  readonly store: FlagStore;
  readonly kv: Kv;
  /** Puts documents there as an earlier version of the code has left them: nothing is rendered of them. */
  leave(documents: readonly [entity: string, environment: string, key: string, body: object][]): void;
  /** Lets the alarm ring until none is set for now and nothing waits to be published. */
  settle(): Promise<void>;
}

export async function storeInNode(): Promise<NodeStore> {
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-growth-"));
  const database = new DatabaseSync(path.join(folder, "store.sqlite"));
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  const kv = new Kv();
  let alarmAt: number | null = null;
  const storage = {
    sql: new Sql(database),
    transactionSync: transactions(database),
    setAlarm: async (at: number) => {
      alarmAt = at;
    },
    getAlarm: async () => alarmAt,
    deleteAlarm: async () => {
      alarmAt = null;
    },
  };
  // Other objects take whatever they are told.
  const stub = { fetch: async () => Response.json({ ok: true, value: null }) };
  const objects = { idFromName: (name: string) => name, get: () => stub };
  const names = [
    ...["DIRECTORY", "TELEMETRY_SHARD", "GUARD", "DESK", "TEST_LEDGER", "COURIER", "FLAG_STORE"],
    ...["RELAY", "PROPAGATION_REPORTS", "PROBE"],
  ];
  const env = { SNAPSHOTS: kv, ...Object.fromEntries(names.map((name) => [name, objects])) };
  const Store = await storeClass(folder);
  const store = new Store({ storage, id: { name: "bench" } } as never, env as never);
  return {
    store,
    kv,
    leave(documents) {
      const insert = database.prepare("INSERT INTO document VALUES (?, ?, ?, 1, ?, 0, 0, 1)");
      database.exec("BEGIN");
      for (const [entity, environment, key, body] of documents)
        insert.run(entity, environment, key, JSON.stringify(body));
      database.exec("DELETE FROM derived; INSERT OR REPLACE INTO render_sweep VALUES ('production', '')");
      database.exec("COMMIT");
      alarmAt = Date.now();
    },
    async settle() {
      const waiting = () => database.prepare("SELECT 1 FROM outbox").all().length > 0;
      while (waiting() || (alarmAt !== null && alarmAt <= Date.now() + 5)) {
        if (alarmAt !== null && alarmAt <= Date.now() + 5) {
          alarmAt = null;
          await store.alarm();
        } else await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    [Symbol.dispose]() {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
