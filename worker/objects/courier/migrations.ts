import type { Migration } from "../kernel/migrations.ts";

export const COURIER_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-deliveries",
    sql: `
      CREATE TABLE endpoint (
        webhook TEXT PRIMARY KEY,
        settings TEXT NOT NULL,
        gone INTEGER NOT NULL,
        delivered INTEGER NOT NULL,
        failed_attempts INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        webhook TEXT NOT NULL,
        message_id TEXT NOT NULL,
        type TEXT NOT NULL,
        message TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        status TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        due_at INTEGER,
        delivered_at INTEGER,
        last_result TEXT,
        UNIQUE (webhook, message_id)
      );
      CREATE INDEX delivery_due ON delivery (status, due_at);`,
  },
];
