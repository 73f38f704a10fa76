import { LIMITS } from "../../../shared/limits.ts";
import { projectRole } from "../../../shared/role-in.ts";
import { ok, type Result, reject } from "../../result.ts";
import type { Caller, Principal, SessionRecord, SignInLinkRecord } from "./directory-records.ts";

/** A session ends after this long without use, and after this long in any case (ms). */
export const SESSION_IDLE_MS = 12 * 3_600_000;
export const SESSION_MAX_MS = 7 * 24 * 3_600_000;
/** A sign-in link can be used once, within this time (ms). */
export const SIGN_IN_CODE_MS = 3_600_000;
/** The idle clock is written at most this often (ms). */
const SESSION_TOUCH_MS = 60_000;

/** What sessions and links are made from: an API token, or an ADMIN_TOKEN by its fingerprint. */
const TOKEN = "token/";
const ADMIN = "admin/";
export const tokenOrigin = (id: string): string => TOKEN + id;
export const adminOrigin = (fingerprint: string): string => ADMIN + fingerprint;

export const ADMINISTRATOR: Principal = { type: "admin", id: "admin", name: "Administrator", role: "admin" };

type SessionRow = {
  hash: string;
  id: string;
  origin: string;
  /** The session that made the link with which this one was opened. */
  parent: string | null;
  depth: number;
  opened_with: string;
  created_at: number;
  used_at: number;
  ends_at: number;
};
type LinkRow = {
  hash: string;
  id: string;
  origin: string;
  parent: string | null;
  depth: number;
  created_at: number;
  expires_at: number;
  /** The session that it opens ends no later than this. */
  session_ends_at: number;
};

/** Who the caller is, where their sessions come from, and their session if there is one. */
interface Resolved {
  readonly principal: Principal;
  readonly origin: string;
  readonly session: SessionRow | null;
}

interface TokenSource {
  readonly byId: (id: string) => Principal | null;
  readonly byHash: (hash: string) => Principal | null;
  /** When it ends by itself (epoch ms). */
  readonly endOf: (id: string) => number | null;
  readonly touch: (id: string, now: number) => void;
}

/**
 * Sessions and sign-in links. Each knows its origin and the session that it descends from, and is worth something only
 * as long as both are: who it speaks for, and with which rights, is looked up on each use and kept nowhere.
 */
export class Sessions {
  readonly #sql: SqlStorage;
  readonly #tokenById: (id: string) => Principal | null;
  readonly #tokenByHash: (hash: string) => Principal | null;
  readonly #tokens: TokenSource;

  constructor(sql: SqlStorage, tokens: TokenSource) {
    this.#sql = sql;
    this.#tokens = tokens;
    this.#tokenById = tokens.byId;
    this.#tokenByHash = tokens.byHash;
  }

  /** When the token of an origin ends by itself (epoch ms); infinite when it does not. */
  #endOf(origin: string): number {
    const end = origin.startsWith(TOKEN) ? this.#tokens.endOf(origin.slice(TOKEN.length)) : null;
    return end ?? Number.POSITIVE_INFINITY;
  }

  /** Whose a session is, whether or not it is over. */
  ownerOf(hash: string): { id: string; principal: Principal | null } | null {
    const session = this.#sessionBy("hash", hash);
    if (!session) return null;
    const { id, origin } = session;
    return { id, principal: origin.startsWith(TOKEN) ? this.#tokenById(origin.slice(TOKEN.length)) : ADMINISTRATOR };
  }

  /** Who a credential speaks for at this instant; null for one that is unknown, revoked or over. */
  resolve({ credential, admin }: Caller, now: number): Resolved | null {
    if ("token" in credential) {
      const principal = this.#tokenByHash(credential.token);
      return principal && { principal, origin: tokenOrigin(principal.id), session: null };
    }
    if ("tokenId" in credential) {
      const principal = this.#tokenById(credential.tokenId);
      return principal && { principal, origin: tokenOrigin(principal.id), session: null };
    }
    if ("adminToken" in credential) {
      const origin = adminOrigin(credential.adminToken);
      return { principal: ADMINISTRATOR, origin, session: null };
    }
    const session = this.#sessionBy("hash", credential.session);
    const principal = session && this.#livePrincipal(session, admin, now);
    return principal && { principal, origin: session.origin, session };
  }

  /** The person of a session, whose idle clock begins anew. */
  use(hash: string, admin: string | null, now: number): Principal | null {
    const found = this.resolve({ credential: { session: hash }, admin }, now);
    if (!found?.session) return null;
    if (found.session.used_at < now - SESSION_TOUCH_MS) {
      this.#sql.exec("UPDATE session SET used_at = ? WHERE hash = ?", now, hash);
      this.#tokens.touch(found.principal.id, now);
    }
    return found.principal;
  }

  /** Opens a session for a caller who proved a token. */
  open(hash: string, id: string, caller: Caller, now: number): Result<Principal & { endsAt: number }> {
    const found = this.resolve(caller, now);
    if (!found) return reject({ code: "unauthenticated" });
    // From here on nothing of an earlier ADMIN_TOKEN can come back, not even by setting that token again.
    if ("adminToken" in caller.credential)
      for (const table of ["session", "sign_in_code"])
        this.#sql.exec(`DELETE FROM ${table} WHERE origin LIKE '${ADMIN}%' AND origin <> ?`, found.origin);
    const openedWith = "adminToken" in caller.credential ? "admin-token" : "token";
    const endsAt = Math.min(now + SESSION_MAX_MS, this.#endOf(found.origin));
    this.#insert({ hash, id, origin: found.origin, parent: null, depth: 0, opened_with: openedWith, endsAt }, now);
    return ok({ ...found.principal, endsAt });
  }

  /** Opens a session with a link, which is used up. */
  openByLink(
    hash: string,
    id: string,
    codeHash: string,
    admin: string | null,
    now: number,
  ): Result<Principal & { endsAt: number }> {
    const [link] = this.#sql.exec<LinkRow>("SELECT * FROM sign_in_code WHERE hash = ?", codeHash);
    const principal = link && this.#principalOfLink(link, admin, now);
    if (!principal) return reject({ code: "sign-in-code-invalid" });
    this.#sql.exec("DELETE FROM sign_in_code WHERE hash = ?", codeHash);
    const { origin, parent, depth } = link;
    const endsAt = Math.min(now + SESSION_MAX_MS, link.session_ends_at, this.#endOf(origin));
    this.#insert({ hash, id, origin, parent, depth, opened_with: "link", endsAt }, now);
    return ok({ ...principal, endsAt });
  }

  /** Makes a link that opens a session as the caller. */
  makeLink(hash: string, id: string, caller: Caller, now: number): Result<Principal> {
    const found = this.resolve(caller, now);
    if (!found) return reject({ code: "unauthenticated" });
    const { origin, session } = found;
    const depth = session ? session.depth + 1 : 0;
    if (depth > LIMITS.signInLinkDepth)
      return reject({
        code: "limit-exceeded",
        limit: "signInLinkDepth",
        max: LIMITS.signInLinkDepth,
        actual: depth,
      });
    this.#sweep(now);
    this.#sql.exec(
      "DELETE FROM sign_in_code WHERE hash IN (SELECT hash FROM sign_in_code WHERE origin = ? ORDER BY created_at DESC LIMIT -1 OFFSET ?)",
      origin,
      LIMITS.signInLinksPerToken - 1,
    );
    const endsAt = session?.ends_at ?? Number.MAX_SAFE_INTEGER;
    this.#sql.exec(
      "INSERT INTO sign_in_code (hash, id, origin, parent, depth, created_at, expires_at, session_ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      hash,
      id,
      origin,
      session?.id ?? null,
      depth,
      now,
      Math.min(now + SIGN_IN_CODE_MS, endsAt, this.#endOf(origin)),
      endsAt,
    );
    return ok(found.principal);
  }

  /** Sessions and unused links: the caller's own, or everybody's for who administers the installation. */
  list(
    caller: Caller,
    everybody: boolean | null,
    now: number,
  ): Result<{ sessions: SessionRecord[]; links: SignInLinkRecord[] }> {
    const found = this.resolve(caller, now);
    if (!found) return reject({ code: "unauthenticated" });
    if (everybody && !administers(found.principal))
      return reject({ code: "forbidden", needs: "the role admin, of all projects, to see sessions of others" });
    const all = everybody ?? administers(found.principal);
    this.#sweep(now);
    const own = (row: { origin: string }) => all || row.origin === found.origin;
    const sessions = [...this.#sql.exec<SessionRow>("SELECT * FROM session ORDER BY used_at DESC, id")]
      .filter(own)
      .flatMap((row): SessionRecord[] => {
        const principal = this.#livePrincipal(row, caller.admin, now);
        if (!principal) return [];
        return [
          {
            id: row.id,
            ...shown(principal),
            openedWith: row.opened_with as SessionRecord["openedWith"],
            ...(row.parent === null ? {} : { openedFrom: row.parent }),
            createdAt: iso(row.created_at),
            lastUsedAt: iso(row.used_at),
            expiresAt: iso(
              Math.min(
                row.ends_at,
                row.created_at + SESSION_MAX_MS,
                row.used_at + SESSION_IDLE_MS,
                this.#endOf(row.origin),
              ),
            ),
            current: row.id === found.session?.id,
          },
        ];
      });
    const links = [...this.#sql.exec<LinkRow>("SELECT * FROM sign_in_code ORDER BY created_at DESC, id")]
      .filter(own)
      .flatMap((row): SignInLinkRecord[] => {
        const principal = this.#principalOfLink(row, caller.admin, now);
        if (!principal) return [];
        return [
          {
            id: row.id,
            ...shown(principal),
            ...(row.parent === null ? {} : { madeIn: row.parent }),
            createdAt: iso(row.created_at),
            expiresAt: iso(Math.min(row.expires_at, this.#endOf(row.origin))),
          },
        ];
      });
    return ok({ sessions, links });
  }

  /** Ends a session with everything that was made from it, or takes a link back. */
  end(id: string, caller: Caller, now: number): Result<Principal> {
    const found = this.resolve(caller, now);
    if (!found) return reject({ code: "unauthenticated" });
    const session = this.#sessionBy("id", id);
    const [link] = this.#sql.exec<LinkRow>("SELECT * FROM sign_in_code WHERE id = ?", id);
    const origin = session?.origin ?? link?.origin;
    // To others it is not there: what exists is not told either.
    if (origin === undefined || (origin !== found.origin && !administers(found.principal)))
      return reject({ code: "session-not-found", id });
    if (session) this.#endWithDescendants(id);
    else this.#sql.exec("DELETE FROM sign_in_code WHERE id = ?", id);
    return ok(found.principal);
  }

  /** Ends all of the caller's sessions and links; on request but for the present one and those it descends from. */
  endOwn(caller: Caller, keepCurrent: boolean, now: number): Result<{ by: Principal; ended: number }> {
    const found = this.resolve(caller, now);
    if (!found) return reject({ code: "unauthenticated" });
    const kept = new Set(keepCurrent && found.session ? this.#line(found.session).map((row) => row.id) : []);
    this.#sql.exec("DELETE FROM sign_in_code WHERE origin = ?", found.origin);
    const own = [...this.#sql.exec<{ id: string }>("SELECT id FROM session WHERE origin = ?", found.origin)];
    const ended = own.filter(({ id }) => !kept.has(id));
    for (const { id } of ended) this.#sql.exec("DELETE FROM session WHERE id = ?", id);
    return ok({ by: found.principal, ended: ended.length });
  }

  signOut(hash: string): void {
    const session = this.#sessionBy("hash", hash);
    if (session) this.#endWithDescendants(session.id);
  }

  /** Ends whatever was made from a token, at any depth; how many sessions that were. */
  endOrigin(origin: string): number {
    const ended = this.#sql.exec("DELETE FROM session WHERE origin = ? RETURNING id", origin).toArray().length;
    this.#sql.exec("DELETE FROM sign_in_code WHERE origin = ?", origin);
    return ended;
  }

  /** As an earlier version asks for it: by the person's id. */
  endPerson(id: string): void {
    if (id !== ADMINISTRATOR.id) this.endOrigin(tokenOrigin(id));
    else
      for (const table of ["session", "sign_in_code"])
        this.#sql.exec(`DELETE FROM ${table} WHERE origin LIKE '${ADMIN}%'`);
  }

  /** Hashes of all that might still sign somebody in. */
  hashes(): string[] {
    return ["session", "sign_in_code"].flatMap((table) =>
      [...this.#sql.exec<{ hash: string }>(`SELECT hash FROM ${table}`)].map(({ hash }) => hash),
    );
  }

  #insert(
    row: Pick<SessionRow, "hash" | "id" | "origin" | "parent" | "depth" | "opened_with"> & { endsAt: number },
    now: number,
  ): void {
    this.#sweep(now);
    const crowd = this.#sql.exec<{ id: string }>(
      "SELECT id FROM session WHERE origin = ? ORDER BY used_at DESC, created_at DESC LIMIT -1 OFFSET ?",
      row.origin,
      LIMITS.sessionsPerToken - 1,
    );
    const line = new Set(row.parent === null ? [] : this.#line(this.#sessionBy("id", row.parent)).map(({ id }) => id));
    for (const { id } of [...crowd]) if (!line.has(id)) this.#endWithDescendants(id);
    this.#sql.exec(
      "INSERT INTO session (hash, id, origin, parent, depth, opened_with, created_at, used_at, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      row.hash,
      row.id,
      row.origin,
      row.parent,
      row.depth,
      row.opened_with,
      now,
      now,
      row.endsAt,
    );
  }

  #sessionBy(column: "hash" | "id", value: string): SessionRow | null {
    const [row] = this.#sql.exec<SessionRow>(`SELECT * FROM session WHERE ${column} = ?`, value);
    return row ?? null;
  }

  /** A session and those it descends from, itself first. */
  #line(session: SessionRow | null): SessionRow[] {
    const line: SessionRow[] = [];
    // Depth is bounded when links are made; the bound here keeps a damaged table from looping.
    for (let at = session; at && line.length <= LIMITS.signInLinkDepth; ) {
      line.push(at);
      at = at.parent === null ? null : this.#sessionBy("id", at.parent);
    }
    return line;
  }

  #livePrincipal(session: SessionRow, admin: string | null, now: number): Principal | null {
    const line = this.#line(session);
    const isWhole = line.at(-1)?.parent === null && line.every((row) => isRunning(row, now));
    return isWhole ? this.#principalOf(session.origin, admin) : null;
  }

  #principalOfLink(link: LinkRow, admin: string | null, now: number): Principal | null {
    if (link.expires_at < now || link.session_ends_at <= now) return null;
    if (link.parent === null) return this.#principalOf(link.origin, admin);
    const parent = this.#sessionBy("id", link.parent);
    return parent && this.#livePrincipal(parent, admin, now);
  }

  #principalOf(origin: string, admin: string | null): Principal | null {
    if (origin.startsWith(TOKEN)) return this.#tokenById(origin.slice(TOKEN.length));
    return admin !== null && origin === adminOrigin(admin) ? ADMINISTRATOR : null;
  }

  #endWithDescendants(id: string): void {
    const ended = [id];
    for (let at = ended.pop(); at !== undefined; at = ended.pop()) {
      for (const child of this.#sql.exec<{ id: string }>("SELECT id FROM session WHERE parent = ?", at))
        ended.push(child.id);
      this.#sql.exec("DELETE FROM sign_in_code WHERE parent = ?", at);
      this.#sql.exec("DELETE FROM session WHERE id = ?", at);
    }
  }

  /** Drops what is over. */
  #sweep(now: number): void {
    this.#sql.exec("DELETE FROM sign_in_code WHERE expires_at < ?", now);
    const over = this.#sql.exec<{ id: string }>(
      "SELECT id FROM session WHERE created_at < ? OR used_at < ? OR ends_at <= ?",
      now - SESSION_MAX_MS,
      now - SESSION_IDLE_MS,
      now,
    );
    for (const { id } of [...over]) this.#endWithDescendants(id);
  }
}

const isRunning = (row: SessionRow, now: number): boolean =>
  row.created_at >= now - SESSION_MAX_MS && row.used_at >= now - SESSION_IDLE_MS && row.ends_at > now;

/** Whether somebody may manage what belongs to others: not with a token of one project. */
const administers = ({ role, project }: Principal): boolean => role === "admin" && project === undefined;

const iso = (at: number): string => new Date(at).toISOString();
const shown = ({ id, name, role, grants, project }: Principal) => ({
  who: { id, name },
  role: projectRole({ role, grants }),
  ...(project === undefined ? {} : { project }),
  ...(grants === undefined ? {} : { environments: grants.environments }),
});
