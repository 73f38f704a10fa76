import type { Migration } from "../kernel/migrations.ts";

/**
 * Sessions and links know what they were made from. Those of tokens that are there go on. Those of an ADMIN_TOKEN end,
 * as nobody can say of which one they are; and so do those of tokens that are gone, which the version before let live.
 * Tokens of a project that is gone, or that were older than the project which has its name now, are revoked.
 */
const ORIGINS: Omit<Migration, "name"> = {
  sql: `
    ALTER TABLE project ADD COLUMN deletions INTEGER NOT NULL DEFAULT 0;
    DELETE FROM token WHERE project IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM project WHERE project.key = token.project AND project.created_at <= token.created_at + 60000);
    ALTER TABLE session RENAME TO session_before;
    ALTER TABLE sign_in_code RENAME TO sign_in_code_before;
    CREATE TABLE session (
      hash TEXT PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      origin TEXT NOT NULL,
      parent TEXT,
      depth INTEGER NOT NULL,
      opened_with TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      used_at INTEGER NOT NULL,
      ends_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX session_origin ON session (origin, used_at);
    CREATE INDEX session_parent ON session (parent);
    CREATE TABLE sign_in_code (
      hash TEXT PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      origin TEXT NOT NULL,
      parent TEXT,
      depth INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER NOT NULL,
      session_ends_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    INSERT INTO session (hash, id, origin, parent, depth, opened_with, created_at, used_at, ends_at)
      SELECT session_before.hash, 'ses_' || lower(hex(randomblob(8))), 'token/' || token.id, NULL, 0, 'token',
        session_before.created_at, used_at, session_before.created_at + 604800000
      FROM session_before JOIN token ON token.id = json_extract(subject, '$.id');
    INSERT INTO sign_in_code (hash, id, origin, parent, depth, created_at, expires_at, session_ends_at)
      SELECT sign_in_code_before.hash, 'lnk_' || lower(hex(randomblob(8))), 'token/' || token.id, NULL, 0,
        expires_at - 3600000, expires_at, 9007199254740991
      FROM sign_in_code_before JOIN token ON token.id = json_extract(subject, '$.id');
    DROP TABLE session_before;
    DROP TABLE sign_in_code_before;
    CREATE TABLE sign_in_failure (
      kind TEXT NOT NULL,
      network TEXT NOT NULL,
      count INTEGER NOT NULL,
      first_at INTEGER NOT NULL,
      last_at INTEGER NOT NULL,
      PRIMARY KEY (kind, network)
    ) WITHOUT ROWID;`,
};

/** Tokens may end by themselves, and say when they were last used. */
const LIFETIMES: Omit<Migration, "name"> = {
  sql: `
    ALTER TABLE token ADD COLUMN expires_at INTEGER;
    ALTER TABLE token ADD COLUMN warned INTEGER;
    ALTER TABLE token ADD COLUMN used_at INTEGER;
    ALTER TABLE token ADD COLUMN replaced_by TEXT;`,
};

const SECURITY_LOG: Omit<Migration, "name"> = {
  sql: `
    CREATE TABLE security_log (
      position INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      kind TEXT NOT NULL,
      actor TEXT NOT NULL,
      project TEXT,
      source TEXT UNIQUE,
      row TEXT NOT NULL,
      hash TEXT NOT NULL
    );
    CREATE INDEX security_log_kind ON security_log (kind, position);
    CREATE INDEX security_log_actor ON security_log (actor, position);
    CREATE INDEX security_log_project ON security_log (project, position);
    CREATE INDEX security_log_at ON security_log (at);
    CREATE TABLE security_checkpoint (id INTEGER PRIMARY KEY, position INTEGER NOT NULL, hash TEXT NOT NULL);
    CREATE TABLE security_pending (
      kind TEXT NOT NULL,
      subject TEXT NOT NULL,
      count INTEGER NOT NULL,
      first_at INTEGER NOT NULL,
      PRIMARY KEY (kind, subject)
    ) WITHOUT ROWID;`,
};

/** At most one row: where the security log is sent, and how far it has got. */
const SECURITY_DELIVERY: Omit<Migration, "name"> = {
  sql: `
    CREATE TABLE security_delivery (
      id INTEGER PRIMARY KEY,
      url TEXT NOT NULL,
      secret TEXT NOT NULL,
      delivered_to INTEGER NOT NULL,
      missed INTEGER NOT NULL,
      failures INTEGER NOT NULL,
      next_at INTEGER NOT NULL,
      last_result TEXT,
      delivered_at INTEGER
    );`,
};

/** Other roles in single environments, as JSON. Where there are any, `token.role` is the least of them. */
const GRANTS: Omit<Migration, "name"> = { sql: "ALTER TABLE token ADD COLUMN grants TEXT;" };

export const DIRECTORY_MIGRATIONS: readonly Migration[] = [
  {
    name: "0001-directory",
    sql: `
      CREATE TABLE project (key TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE token (
        id TEXT PRIMARY KEY,
        hash TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        project TEXT,
        created_at INTEGER NOT NULL,
        created_by TEXT NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE session (
        hash TEXT PRIMARY KEY,
        subject TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        used_at INTEGER NOT NULL
      ) WITHOUT ROWID;
      CREATE TABLE sign_in_code (hash TEXT PRIMARY KEY, subject TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;`,
  },
  { name: "0002-origins", ...ORIGINS },
  { name: "0003-lifetimes", ...LIFETIMES },
  { name: "0004-security-log", ...SECURITY_LOG },
  { name: "0005-security-delivery", ...SECURITY_DELIVERY },
  { name: "0006-grants", ...GRANTS },
];
