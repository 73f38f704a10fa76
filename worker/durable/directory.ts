import { LIMITS } from "../../shared/limits.ts";
import type { Actor, Role } from "../../shared/schema/admin.ts";
import type { Env } from "../env.ts";
import { DurableBase } from "./durable-base.ts";
import { DIRECTORY_MIGRATIONS, migrate } from "./migrations.ts";
import { ok, type Result, reject } from "./result.ts";

/** Who a token or a session speaks for. */
export interface Principal extends Actor {
  /** Bound to one project; absent: all. */
  project?: string | undefined;
}

export interface TokenRecord {
  id: string;
  name: string;
  role: Role;
  project?: string;
  createdAt: string;
  createdBy: string;
}

/** A session ends after this long without use, and after this long in any case (ms). */
export const SESSION_IDLE_MS = 12 * 3_600_000;
export const SESSION_MAX_MS = 7 * 24 * 3_600_000;
/** A sign-in link can be used once, within this time (ms). */
export const SIGN_IN_CODE_MS = 3_600_000;
/** The idle clock is written at most this often (ms). */
const SESSION_TOUCH_MS = 60_000;

type TokenRow = {
  id: string;
  name: string;
  role: string;
  project: string | null;
  created_at: number;
  created_by: string;
};

/** The installation's projects, API tokens and sessions. Secrets are known by their SHA-256 only. */
export class Directory extends DurableBase {
  protected readonly methods = new Set([
    "registerProject",
    "forgetProject",
    "listProjects",
    "createToken",
    "listTokens",
    "revokeToken",
    "principalOfToken",
    "createSignInCode",
    "signIn",
    "principalOfSession",
    "signOut",
    "signOutEverywhere",
  ]);
  readonly #sql: SqlStorage;
  readonly #storage: DurableObjectStorage;

  constructor(state: DurableObjectState, _env: Env) {
    super(state);
    this.#storage = state.storage;
    this.#sql = state.storage.sql;
    migrate(state.storage, DIRECTORY_MIGRATIONS);
  }

  registerProject(key: string, name: string, createdAt: number): void {
    this.#sql.exec(
      "INSERT INTO project (key, name, created_at) VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET name = excluded.name",
      key,
      name,
      createdAt,
    );
  }

  forgetProject(key: string): void {
    this.#sql.exec("DELETE FROM project WHERE key = ?", key);
  }

  listProjects(): { key: string; name: string; createdAt: string }[] {
    const rows = this.#sql.exec<{ key: string; name: string; created_at: number }>(
      "SELECT * FROM project ORDER BY created_at, key",
    );
    return [...rows].map(({ key, name, created_at }) => ({ key, name, createdAt: new Date(created_at).toISOString() }));
  }

  createToken(
    token: { id: string; hash: string; name: string; role: Role; project?: string | undefined },
    createdBy: string,
  ): Result<TokenRecord> {
    const { n } = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM token").one();
    if (n >= LIMITS.tokens)
      return reject({ code: "limit-exceeded", limit: "tokens", max: LIMITS.tokens, actual: n + 1 });
    const { id, hash, name, role, project } = token;
    const now = Date.now();
    this.#sql.exec(
      "INSERT INTO token (id, hash, name, role, project, created_at, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
      id,
      hash,
      name,
      role,
      project ?? null,
      now,
      createdBy,
    );
    return ok(tokenRecord({ id, name, role, project: project ?? null, created_at: now, created_by: createdBy }));
  }

  listTokens(): TokenRecord[] {
    return [
      ...this.#sql.exec<TokenRow>(
        "SELECT id, name, role, project, created_at, created_by FROM token ORDER BY created_at",
      ),
    ].map(tokenRecord);
  }

  /** Revokes a token and ends the sessions that were opened with it. */
  revokeToken(id: string): Result<null> {
    const [row] = this.#sql.exec("DELETE FROM token WHERE id = ? RETURNING id", id);
    if (!row) return reject({ code: "token-not-found", id });
    this.#sql.exec("DELETE FROM session WHERE json_extract(subject, '$.id') = ?", id);
    return ok(null);
  }

  principalOfToken(hash: string): Principal | null {
    const [row] = this.#sql.exec<TokenRow>(
      "SELECT id, name, role, project, created_at, created_by FROM token WHERE hash = ?",
      hash,
    );
    if (!row) return null;
    return {
      type: "token",
      id: row.id,
      name: row.name,
      role: row.role as Role,
      ...(row.project ? { project: row.project } : {}),
    };
  }

  createSignInCode(hash: string, subject: Principal): void {
    const now = Date.now();
    this.#sql.exec("DELETE FROM sign_in_code WHERE expires_at < ?", now);
    this.#sql.exec(
      "INSERT INTO sign_in_code (hash, subject, expires_at) VALUES (?, ?, ?)",
      hash,
      JSON.stringify(subject),
      now + SIGN_IN_CODE_MS,
    );
  }

  /** Opens a session for a sign-in code, which is used up, or for a principal who proved a token. */
  signIn(sessionHash: string, proof: { codeHash: string } | { principal: Principal }): Result<Principal> {
    return this.#storage.transactionSync(() => {
      const now = Date.now();
      let subject: string;
      if ("principal" in proof) subject = JSON.stringify(proof.principal);
      else {
        const [row] = this.#sql.exec<{ subject: string; expires_at: number }>(
          "DELETE FROM sign_in_code WHERE hash = ? RETURNING subject, expires_at",
          proof.codeHash,
        );
        if (!row || row.expires_at < now) return reject({ code: "sign-in-code-invalid" });
        subject = row.subject;
      }
      this.#sql.exec(
        "DELETE FROM session WHERE created_at < ? OR used_at < ?",
        now - SESSION_MAX_MS,
        now - SESSION_IDLE_MS,
      );
      this.#sql.exec(
        "INSERT INTO session (hash, subject, created_at, used_at) VALUES (?, ?, ?, ?)",
        sessionHash,
        subject,
        now,
        now,
      );
      return ok(JSON.parse(subject) as Principal);
    });
  }

  principalOfSession(hash: string): Principal | null {
    const now = Date.now();
    const [row] = this.#sql.exec<{ subject: string; created_at: number; used_at: number }>(
      "SELECT subject, created_at, used_at FROM session WHERE hash = ?",
      hash,
    );
    if (!row || row.created_at < now - SESSION_MAX_MS || row.used_at < now - SESSION_IDLE_MS) return null;
    if (row.used_at < now - SESSION_TOUCH_MS)
      this.#sql.exec("UPDATE session SET used_at = ? WHERE hash = ?", now, hash);
    return JSON.parse(row.subject) as Principal;
  }

  signOut(hash: string): void {
    this.#sql.exec("DELETE FROM session WHERE hash = ?", hash);
  }

  signOutEverywhere(id: string): void {
    this.#sql.exec("DELETE FROM session WHERE json_extract(subject, '$.id') = ?", id);
  }
}

function tokenRecord(row: TokenRow): TokenRecord {
  const { id, name, role, project, created_at, created_by } = row;
  return {
    id,
    name,
    role: role as Role,
    ...(project ? { project } : {}),
    createdAt: new Date(created_at).toISOString(),
    createdBy: created_by,
  };
}

export type DirectoryMethods = Pick<
  Directory,
  | "registerProject"
  | "forgetProject"
  | "listProjects"
  | "createToken"
  | "listTokens"
  | "revokeToken"
  | "principalOfToken"
  | "createSignInCode"
  | "signIn"
  | "principalOfSession"
  | "signOut"
  | "signOutEverywhere"
>;
