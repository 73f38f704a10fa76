import {
  dueOf,
  endOfReplaced,
  endOfSuccessor,
  nextDueAt,
  type WarnDays,
  warningWithin,
} from "../../../shared/expiry.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { type Authority, projectRole } from "../../../shared/role-in.ts";
import type { Grants, Role } from "../../../shared/schema/admin.ts";
import { ok, type Result, reject } from "../../result.ts";
import type { NewToken, Principal, TokenRecord } from "./directory-records.ts";

type TokenRow = {
  id: string;
  hash: string;
  name: string;
  role: string;
  project: string | null;
  created_at: number;
  created_by: string;
  expires_at: number | null;
  warned: number | null;
  used_at: number | null;
  replaced_by: string | null;
  grants: string | null;
};

/** The last use of a token is written at most this often (ms). */
const TOUCH_MS = 60_000;

/** API tokens by id and by hash. One that has expired opens nothing from that instant on; the alarm takes it out. */
export class Tokens {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  create(token: NewToken, createdBy: string, now: number): Result<TokenRecord> {
    const expiresAt = token.expiresAt ?? null;
    const refused = this.#hasRoom() ?? pastExpiry(expiresAt, now);
    if (refused) return refused;
    return ok(this.#insert({ ...token, project: token.project ?? null, expiresAt, createdBy }, now));
  }

  /** A token of the same name, roles and project takes this one's place; this one ends after the grace. */
  rotate(
    id: string,
    next: { id: string; hash: string; graceSeconds: number; expiresAt?: number | null | undefined },
    by: string,
    now: number,
  ): Result<{ record: TokenRecord; ended: boolean }> {
    const row = this.#row("id", id);
    if (!row || isOver(row, now)) return reject({ code: "token-not-found", id });
    if (row.replaced_by !== null)
      return reject({
        code: "already-done",
        what: `The token was rotated already; ${row.replaced_by} is in its place`,
      });
    const refused = (next.graceSeconds > 0 ? this.#hasRoom() : null) ?? pastExpiry(next.expiresAt ?? null, now);
    if (refused) return refused;
    const before = { createdAt: row.created_at, expiresAt: row.expires_at ?? undefined };
    const expiresAt = endOfSuccessor(next.expiresAt, before, now) ?? null;
    const { name, project } = row;
    const { id: successorId, hash } = next;
    const successor = { id: successorId, hash, name, ...authorityOfRow(row), project, expiresAt, createdBy: by };
    const end = endOfReplaced(before.expiresAt, next.graceSeconds, now);
    this.#sql.exec(
      "UPDATE token SET expires_at = ?, warned = ?, replaced_by = ? WHERE id = ?",
      ...[end, warningWithin(end, now) ?? null, next.id, id],
    );
    return ok({ record: this.#insert(successor, now), ended: end <= now });
  }

  setExpiry(id: string, expiresAt: number | null, now: number): Result<TokenRecord> {
    const row = this.#row("id", id);
    if (!row || isOver(row, now)) return reject({ code: "token-not-found", id });
    const past = pastExpiry(expiresAt, now);
    if (past) return past;
    const warned = expiresAt === null ? null : (warningWithin(expiresAt, now) ?? null);
    this.#sql.exec("UPDATE token SET expires_at = ?, warned = ? WHERE id = ?", expiresAt, warned, id);
    return ok(recordOf({ ...row, expires_at: expiresAt }));
  }

  /** Gives a token another role; what was made from it follows at once. Says what it had before. */
  setRole(id: string, to: Authority, now: number): Result<{ record: TokenRecord; before: TokenRecord }> {
    const row = this.#row("id", id);
    if (!row || isOver(row, now)) return reject({ code: "token-not-found", id });
    const grants = to.grants ? JSON.stringify(to.grants) : null;
    this.#sql.exec("UPDATE token SET role = ?, grants = ? WHERE id = ?", to.role, grants, id);
    return ok({ record: recordOf({ ...row, role: to.role, grants }), before: recordOf(row) });
  }

  list(now: number): TokenRecord[] {
    return [...this.#sql.exec<TokenRow>("SELECT * FROM token ORDER BY created_at")]
      .filter((row) => !isOver(row, now))
      .map(recordOf);
  }

  remove(id: string): TokenRecord | null {
    const [row] = this.#sql.exec<TokenRow>("DELETE FROM token WHERE id = ? RETURNING *", id);
    return row ? recordOf(row) : null;
  }

  ofProject(project: string): string[] {
    return [...this.#sql.exec<{ id: string }>("SELECT id FROM token WHERE project = ?", project)].map(({ id }) => id);
  }

  /** Who a token speaks for; null for one that is unknown or has expired. */
  principal(column: "id" | "hash", value: string, now: number): Principal | null {
    const row = this.#row(column, value);
    return row && !isOver(row, now) ? principalOf(row) : null;
  }

  /** When a token ends by itself (epoch ms). */
  endOf(id: string): number | null {
    return this.#row("id", id)?.expires_at ?? null;
  }

  /** Notes that a token, or a session that was made from it, is in use. */
  touch(id: string, now: number): void {
    this.#sql.exec(
      "UPDATE token SET used_at = ? WHERE id = ? AND (used_at IS NULL OR used_at < ?)",
      ...[now, id, now - TOUCH_MS],
    );
  }

  hashes(): string[] {
    return [...this.#sql.exec<{ hash: string }>("SELECT hash FROM token")].map(({ hash }) => hash);
  }

  /** What lifetimes call for now: a warning, which is remembered as given, or the end. */
  due(now: number): { record: TokenRecord; due: "end" | WarnDays }[] {
    return this.#withEnd().flatMap((row) => {
      const due = dueOf(lifetimeOf(row), now);
      if (due === null) return [];
      if (due !== "end") this.#sql.exec("UPDATE token SET warned = ? WHERE id = ?", due, row.id);
      return [{ record: recordOf(row), due }];
    });
  }

  nextDueAt(): number | null {
    const times = this.#withEnd().map((row) => nextDueAt(lifetimeOf(row)));
    return times.length === 0 ? null : Math.min(...times);
  }

  #withEnd(): (TokenRow & { expires_at: number })[] {
    return [...this.#sql.exec<TokenRow & { expires_at: number }>("SELECT * FROM token WHERE expires_at IS NOT NULL")];
  }

  #row(column: "id" | "hash", value: string): TokenRow | null {
    const [row] = this.#sql.exec<TokenRow>(`SELECT * FROM token WHERE ${column} = ?`, value);
    return row ?? null;
  }

  #hasRoom() {
    const { n } = this.#sql.exec<{ n: number }>("SELECT count(*) AS n FROM token").one();
    if (n < LIMITS.tokens) return null;
    return reject({ code: "limit-exceeded", limit: "tokens", max: LIMITS.tokens, actual: n + 1 });
  }

  #insert(
    token: Omit<NewToken, "project" | "expiresAt"> & {
      project: string | null;
      expiresAt: number | null;
      createdBy: string;
    },
    now: number,
  ): TokenRecord {
    const { id, hash, name, role, grants, project, expiresAt, createdBy } = token;
    const warned = expiresAt === null ? null : (warningWithin(expiresAt, now) ?? null);
    const [row] = this.#sql.exec<TokenRow>(
      `INSERT INTO token (id, hash, name, role, project, created_at, created_by, expires_at, warned, grants)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
      ...[id, hash, name, role, project, now, createdBy, expiresAt, warned, grants ? JSON.stringify(grants) : null],
    );
    return recordOf(row as TokenRow);
  }
}

const isOver = ({ expires_at }: TokenRow, now: number): boolean => expires_at !== null && expires_at <= now;

const lifetimeOf = (row: TokenRow & { expires_at: number }) => ({
  expiresAt: row.expires_at,
  warned: (row.warned ?? undefined) as WarnDays | undefined,
});

function pastExpiry(expiresAt: number | null, now: number) {
  if (expiresAt === null || expiresAt > now) return null;
  const message = "has passed: name a later instant, or revoke the token";
  return reject({ code: "invalid", issues: [{ field: "expiresAt", message }] });
}

const iso = (at: number): string => new Date(at).toISOString();

function authorityOfRow({ role, grants }: TokenRow): Authority {
  return { role: role as Role, ...(grants === null ? {} : { grants: JSON.parse(grants) as Grants }) };
}

function principalOf(row: TokenRow): Principal {
  const { id, name, project } = row;
  return { type: "token", id, name, ...authorityOfRow(row), ...(project ? { project } : {}) };
}

function recordOf(row: TokenRow): TokenRecord {
  const { id, name, project, created_at, created_by, expires_at, used_at, replaced_by } = row;
  const authority = authorityOfRow(row);
  return {
    ...{ id, name, role: projectRole(authority), createdAt: iso(created_at), createdBy: created_by },
    ...(project ? { project } : {}),
    ...(authority.grants ? { environments: authority.grants.environments } : {}),
    ...(expires_at === null ? {} : { expiresAt: iso(expires_at) }),
    lastUsedAt: used_at === null ? null : iso(used_at - (used_at % 60_000)),
    ...(replaced_by === null ? {} : { replacedBy: replaced_by }),
  };
}
