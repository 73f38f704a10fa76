import { LIMITS } from "../../../shared/limits.ts";
import type { Role } from "../../../shared/schema/admin.ts";
import { newId } from "../../crypto/tokens.ts";
import type { Env } from "../../env.ts";
import { ok, type Result, reject } from "../../result.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { migrate } from "../kernel/migrations.ts";
import type { Caller, Principal, SessionRecord, SignInLinkRecord, TokenRecord } from "./directory-records.ts";
import type { DirectoryMethods, SignInProof } from "./methods.ts";
import { DIRECTORY_MIGRATIONS } from "./migrations.ts";
import { Sessions, tokenOrigin } from "./sessions.ts";
import { type FailureRecord, failureReport, SignInFailures } from "./sign-in-failures.ts";

type TokenRow = {
  id: string;
  name: string;
  role: string;
  project: string | null;
  created_at: number;
  created_by: string;
};

/** The installation's projects, API tokens and sessions. Secrets are known by their SHA-256 only. */
export class Directory extends DurableBase implements DirectoryMethods {
  protected readonly methods = new Set<keyof DirectoryMethods>([
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
    "listSessions",
    "endSession",
    "endSessions",
    "secretHashes",
    "noteFailures",
    "listFailures",
  ]);
  readonly #sql: SqlStorage;
  readonly #storage: DurableObjectStorage;
  readonly #sessions: Sessions;
  readonly #failures: SignInFailures;

  constructor(state: DurableObjectState, _env: Env) {
    super(state);
    this.#storage = state.storage;
    this.#sql = state.storage.sql;
    migrate(state.storage, DIRECTORY_MIGRATIONS);
    this.#sessions = new Sessions(this.#sql, {
      byId: (id) => this.#tokenBy("id", id),
      byHash: (hash) => this.#tokenBy("hash", hash),
    });
    this.#failures = new SignInFailures(this.#sql);
  }

  /**
   * Enters a project, or renames it. `deletions` tells a project from an earlier one of its name: the instant at which
   * that one was deleted (epoch ms). Its tokens end here at the latest, whether or not the directory heard of the deletion.
   */
  registerProject(key: string, name: string, createdAt: number, deletions: number | null = null): void {
    this.#storage.transactionSync(() => {
      const known = this.#deletionsOf(key);
      if (known !== null && deletions !== null && deletions > known) {
        this.#revokeTokensOf(key);
        this.#sql.exec("DELETE FROM project WHERE key = ?", key);
      }
      this.#sql.exec(
        `INSERT INTO project (key, name, created_at, deletions) VALUES (?, ?, ?, ?)
         ON CONFLICT (key) DO UPDATE SET name = excluded.name, deletions = max(deletions, excluded.deletions)`,
        key,
        name,
        createdAt,
        deletions ?? 0,
      );
    });
  }

  /** Removes a project and revokes the tokens that are bound to it. A message that arrives after its successor is void. */
  forgetProject(key: string, deletions: number | null = null): void {
    this.#storage.transactionSync(() => {
      const known = this.#deletionsOf(key);
      if (known !== null && deletions !== null && deletions <= known) return;
      this.#sql.exec("DELETE FROM project WHERE key = ?", key);
      this.#revokeTokensOf(key);
    });
  }

  #deletionsOf(key: string): number | null {
    const [row] = this.#sql.exec<{ deletions: number }>("SELECT deletions FROM project WHERE key = ?", key);
    return row?.deletions ?? null;
  }

  #revokeTokensOf(project: string): void {
    for (const { id } of [...this.#sql.exec<{ id: string }>("SELECT id FROM token WHERE project = ?", project)])
      this.#revoke(id);
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
    return this.#storage.transactionSync(() => this.#createToken(token, createdBy));
  }

  #createToken(
    token: { id: string; hash: string; name: string; role: Role; project?: string | undefined },
    createdBy: string,
  ): Result<TokenRecord> {
    // A token for a project to come would open whatever somebody else makes under that name.
    if (token.project !== undefined && this.#deletionsOf(token.project) === null)
      return reject({
        code: "invalid",
        issues: [{ field: "project", message: `there is no project "${token.project}"; create it first` }],
      });
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

  /** Revokes a token, and ends the sessions and links that descend from it. */
  revokeToken(id: string): Result<null> {
    return this.#storage.transactionSync(() => (this.#revoke(id) ? ok(null) : reject({ code: "token-not-found", id })));
  }

  #revoke(id: string): boolean {
    const [row] = this.#sql.exec("DELETE FROM token WHERE id = ? RETURNING id", id);
    if (!row) return false;
    this.#sessions.endOrigin(tokenOrigin(id));
    return true;
  }

  principalOfToken(hash: string): Principal | null {
    return this.#tokenBy("hash", hash);
  }

  #tokenBy(column: "id" | "hash", value: string): Principal | null {
    const [row] = this.#sql.exec<TokenRow>(
      `SELECT id, name, role, project, created_at, created_by FROM token WHERE ${column} = ?`,
      value,
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

  /**
   * Makes a sign-in link for a caller. Without one, as earlier versions ask for it, only a token that is there gets
   * one: of a session or an ADMIN_TOKEN nobody could say with what it would have to end.
   */
  createSignInCode(hash: string, subject: Principal, caller?: Caller): Result<null> {
    return this.#storage.transactionSync(() => {
      const id = newId("lnk");
      if (caller) return this.#sessions.makeLink(hash, id, caller, Date.now());
      if (subject.type !== "token") return reject({ code: "unauthenticated" });
      return this.#sessions.makeLink(hash, id, { credential: { tokenId: subject.id }, admin: null }, Date.now());
    });
  }

  /**
   * Opens a session for a sign-in code, which is used up, or for a caller who proved a token.
   *
   * @param admin fingerprint of the asking Worker's ADMIN_TOKEN; without it, links made by that token stay shut
   */
  signIn(sessionHash: string, proof: SignInProof, admin: string | null = null): Result<Principal & { endsAt: number }> {
    return this.#storage.transactionSync(() => {
      const now = Date.now();
      const id = newId("ses");
      if ("codeHash" in proof) return this.#sessions.openByLink(sessionHash, id, proof.codeHash, admin, now);
      const { principal, caller } = proof;
      if (caller) return this.#sessions.open(sessionHash, id, caller, now);
      if (principal.type !== "token") return reject({ code: "sign-in-code-invalid" });
      return this.#sessions.open(sessionHash, id, { credential: { tokenId: principal.id }, admin: null }, now);
    });
  }

  /** @param admin fingerprint of the asking Worker's ADMIN_TOKEN; without it, sessions of that token are over */
  principalOfSession(hash: string, admin: string | null = null): Principal | null {
    return this.#sessions.use(hash, admin, Date.now());
  }

  /** Ends a session, and what was made from it. */
  signOut(hash: string): void {
    this.#storage.transactionSync(() => this.#sessions.signOut(hash));
  }

  /** As earlier versions ask for it; links end as well. */
  signOutEverywhere(id: string): void {
    this.#storage.transactionSync(() => this.#sessions.endPerson(id));
  }

  listSessions(
    caller: Caller,
    everybody: boolean | null,
  ): Result<{ sessions: SessionRecord[]; links: SignInLinkRecord[] }> {
    return this.#storage.transactionSync(() => this.#sessions.list(caller, everybody, Date.now()));
  }

  endSession(id: string, caller: Caller): Result<null> {
    return this.#storage.transactionSync(() => this.#sessions.end(id, caller, Date.now()));
  }

  endSessions(caller: Caller, keepCurrent: boolean): Result<null> {
    return this.#storage.transactionSync(() => this.#sessions.endOwn(caller, keepCurrent, Date.now()));
  }

  /**
   * The first 32 bits of the hash of every secret that opens anything, in hex, one after the other: by it an isolate
   * under attack tells made-up secrets from real ones, without a question for each.
   */
  secretHashes(): string {
    const tokens = [...this.#sql.exec<{ hash: string }>("SELECT hash FROM token")].map(({ hash }) => hash);
    return [...tokens, ...this.#sessions.hashes()].map((hash) => hash.slice(0, 8)).join("");
  }

  noteFailures(sent: unknown): void {
    const report = failureReport.safeParse(sent);
    if (report.success) this.#storage.transactionSync(() => this.#failures.note(report.data, Date.now()));
  }

  listFailures(): FailureRecord[] {
    return this.#failures.list(Date.now());
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
