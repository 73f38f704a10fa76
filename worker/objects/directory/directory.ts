import { z } from "zod";
import type { Authority } from "../../../shared/role-in.ts";
import type { Actor } from "../../../shared/schema/admin.ts";
import { storedSlug } from "../../../shared/schema/names.ts";
import {
  type SecurityDelivery as SecurityDeliveryView,
  type SecurityEvent,
  type SecurityKind,
  type SecurityRow,
  securityEvent,
} from "../../../shared/schema/security-log.ts";
import { newId } from "../../crypto/tokens.ts";
import type { Env } from "../../env.ts";
import { ok, type Result, reject } from "../../result.ts";
import { fieldIssues } from "../flag-store/decide/parse.ts";
import { rearm, runSteps } from "../kernel/alarm.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { migrate } from "../kernel/migrations.ts";
import { computeNextAlarm } from "../kernel/outbox.ts";
import type {
  Caller,
  NewToken,
  NextToken,
  Principal,
  SessionRecord,
  SignInLinkRecord,
  TokenRecord,
} from "./directory-records.ts";
import type { DirectoryMethods, SignInProof } from "./methods.ts";
import { DIRECTORY_MIGRATIONS } from "./migrations.ts";
import { type ProjectRecord, Projects } from "./projects.ts";
import { SecurityDelivery } from "./security-delivery.ts";
import { loggedActor, SecurityLog, type SecurityQuery, UNKNOWN } from "./security-log.ts";
import { ADMINISTRATOR, Sessions, tokenOrigin } from "./sessions.ts";
import { type FailureRecord, failureReport, SignInFailures } from "./sign-in-failures.ts";
import { Tokens } from "./tokens.ts";

type LoggedActor = { type: string; id: string; name: string };
/** Who acts when a time has come, or when a project takes its tokens along. */
const SYSTEM: LoggedActor = { type: "system", id: "directory", name: "Expiry date" };

/** "engineer", or "engineer, production: viewer". */
const rolesInWords = ({ role, environments = {} }: TokenRecord): string =>
  [role, ...Object.entries(environments).map(([environment, own]) => `${environment}: ${own}`)]
    .join(", ")
    .slice(0, 300);

/** Acts that one report names at most. */
const MOST_ACTS = 100;
const actReport = z
  .array(
    z.strictObject({
      event: securityEvent,
      source: z.string().max(300).optional(),
      /** `bounded`: it can be repeated at will, so only some rows a minute are written. `count`: one row for many. */
      as: z.enum(["row", "bounded", "count"]).default("row"),
    }),
  )
  .max(MOST_ACTS);
export type ActReport = z.input<typeof actReport>;

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
    "rotateToken",
    "setTokenExpiry",
    "setTokenRole",
    "recordActs",
    "securityPage",
    "checkSecurityLog",
    "securityDelivery",
    "setSecurityDelivery",
    "removeSecurityDelivery",
  ]);
  readonly #storage: DurableObjectStorage;
  readonly #projects: Projects;
  readonly #sessions: Sessions;
  readonly #failures: SignInFailures;
  readonly #tokens: Tokens;
  readonly #log: SecurityLog;
  readonly #delivery: SecurityDelivery;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.#storage = state.storage;
    const { sql } = state.storage;
    migrate(state.storage, DIRECTORY_MIGRATIONS);
    this.#projects = new Projects(sql);
    this.#tokens = new Tokens(sql);
    this.#log = new SecurityLog(sql);
    this.#delivery = new SecurityDelivery({
      sql,
      rows: this.#log,
      send: (url, init) => fetch(url, init),
      local: env.WEBHOOK_LOCAL_TARGETS === "allow",
    });
    this.#sessions = new Sessions(sql, {
      byId: (id) => this.#tokens.principal("id", id, Date.now()),
      byHash: (hash) => this.#tokens.principal("hash", hash, Date.now()),
      endOf: (id) => this.#tokens.endOf(id),
      touch: (id, now) => this.#tokens.touch(id, now),
    });
    this.#failures = new SignInFailures(sql);
    rearm(this.#storage, () => this.#schedule());
  }

  /**
   * Enters a project, or renames it. `deletions` tells a project from an earlier one of its name: the instant at which
   * that one was deleted (epoch ms). Its tokens end here at the latest, whether or not the directory heard of the deletion.
   */
  registerProject(key: string, name: string, createdAt: number, deletions: number | null = null): void {
    this.#storage.transactionSync(() => {
      const known = this.#projects.deletionsOf(key);
      if (known !== null && deletions !== null && deletions > known) {
        this.#revokeTokensOf(key);
        this.#projects.remove(key);
      }
      this.#projects.enter(key, name, createdAt, deletions ?? 0);
    });
  }

  /** Removes a project and revokes the tokens that are bound to it. A message that arrives after its successor is void. */
  forgetProject(key: string, deletions: number | null = null): void {
    this.#storage.transactionSync(() => {
      const known = this.#projects.deletionsOf(key);
      if (known !== null && deletions !== null && deletions <= known) return;
      this.#projects.remove(key);
      this.#revokeTokensOf(key);
    });
  }

  #revokeTokensOf(project: string): void {
    for (const id of this.#tokens.ofProject(project)) this.#revoke(id, { ...SYSTEM, name: `The project ${project}` });
  }

  listProjects(): ProjectRecord[] {
    return this.#projects.list();
  }

  /** @param by who made it; earlier versions say the name alone */
  createToken(token: NewToken, createdBy: string, by?: Actor): Result<TokenRecord> {
    return this.#change((now) => {
      // A token for a project to come would open whatever somebody else makes under that name.
      if (token.project !== undefined && this.#projects.deletionsOf(token.project) === null)
        return reject({
          code: "invalid",
          issues: [{ field: "project", message: `there is no project "${token.project}"; create it first` }],
        });
      const made = this.#tokens.create(token, createdBy, now);
      if (made.ok) this.#logToken("token.created", made.value, by ?? { ...UNKNOWN, name: createdBy }, now);
      return made;
    });
  }

  listTokens(): TokenRecord[] {
    return this.#tokens.list(Date.now());
  }

  /** Revokes a token, and ends the sessions and links that descend from it. */
  revokeToken(id: string, by?: Actor): Result<null> {
    return this.#change(() => (this.#revoke(id, by) ? ok(null) : reject({ code: "token-not-found", id })));
  }

  /** Another token takes this one's place; this one, and what was made from it, ends after the grace. */
  rotateToken(id: string, next: NextToken, by: Actor): Result<TokenRecord> {
    return this.#change((now) => {
      const rotated = this.#tokens.rotate(id, next, by.name, now);
      if (!rotated.ok) return rotated;
      const { record, ended } = rotated.value;
      this.#logToken("token.rotated", record, by, now, { replaces: id, graceSeconds: next.graceSeconds });
      if (ended) this.#revoke(id, by);
      return ok(record);
    });
  }

  setTokenExpiry(id: string, expiresAt: number | null, by: Actor): Result<TokenRecord> {
    return this.#change((now) => {
      const set = this.#tokens.setExpiry(id, expiresAt, now);
      if (set.ok) this.#logToken("token.expiry-changed", set.value, by, now);
      return set;
    });
  }

  /** Gives a token, and the sessions and links that were made from it, another role. */
  setTokenRole(id: string, to: Authority, by: Actor): Result<TokenRecord> {
    return this.#change((now) => {
      const set = this.#tokens.setRole(id, to, now);
      if (!set.ok) return set;
      const { record, before } = set.value;
      this.#logToken("role.changed", record, by, now, { before: rolesInWords(before) });
      return ok(record);
    });
  }

  #revoke(id: string, by?: LoggedActor, kind: SecurityKind = "token.revoked"): boolean {
    const record = this.#tokens.remove(id);
    if (!record) return false;
    const sessions = this.#sessions.endOrigin(tokenOrigin(id));
    this.#logToken(kind, record, by, Date.now(), { sessions });
    return true;
  }

  #logToken(
    kind: SecurityKind,
    record: TokenRecord,
    by: LoggedActor | undefined,
    now: number,
    more: SecurityEvent["details"] = {},
  ): void {
    const { id, name, project, expiresAt } = record;
    const details = { name, role: rolesInWords(record), ...(expiresAt ? { expiresAt } : {}), ...more };
    const where = project === undefined ? {} : { project: storedSlug(project) };
    this.#log.append({ kind, actor: loggedActor(by), subject: id, ...where, details }, now);
  }

  /** One transaction, with its rows in the security log; then the alarm follows what it made due. */
  #change<T>(work: (now: number) => T): T {
    const answer = this.#storage.transactionSync(() => work(Date.now()));
    this.#schedule();
    return answer;
  }

  principalOfToken(hash: string): Principal | null {
    const now = Date.now();
    const principal = this.#tokens.principal("hash", hash, now);
    if (principal) this.#tokens.touch(principal.id, now);
    return principal;
  }

  /**
   * Makes a sign-in link for a caller. Without one, as earlier versions ask for it, only a token that is there gets
   * one: of a session or an ADMIN_TOKEN nobody could say with what it would have to end.
   */
  createSignInCode(hash: string, subject: Principal, caller?: Caller): Result<null> {
    return this.#change((now) => {
      const id = newId("lnk");
      if (!caller && subject.type !== "token") return reject({ code: "unauthenticated" });
      const proven = caller ?? { credential: { tokenId: subject.id }, admin: null };
      const made = this.#sessions.makeLink(hash, id, proven, now);
      if (!made.ok) return made;
      this.#logBounded("sign-in-link.created", made.value, id, now);
      return ok(null);
    });
  }

  /**
   * Opens a session for a sign-in code, which is used up, or for a caller who proved a token.
   *
   * @param admin fingerprint of the asking Worker's ADMIN_TOKEN; without it, links made by that token stay shut
   */
  signIn(sessionHash: string, proof: SignInProof, admin: string | null = null): Result<Principal & { endsAt: number }> {
    return this.#change((now) => {
      const id = newId("ses");
      const opened = this.#open(sessionHash, id, proof, admin, now);
      if (opened.ok)
        this.#logBounded("sign-in", opened.value, id, now, { with: "codeHash" in proof ? "link" : "token" });
      return opened;
    });
  }

  #open(hash: string, id: string, proof: SignInProof, admin: string | null, now: number) {
    if ("codeHash" in proof) return this.#sessions.openByLink(hash, id, proof.codeHash, admin, now);
    const { principal, caller } = proof;
    if (caller) return this.#sessions.open(hash, id, caller, now);
    if (principal.type !== "token") return reject({ code: "sign-in-code-invalid" });
    return this.#sessions.open(hash, id, { credential: { tokenId: principal.id }, admin: null }, now);
  }

  /** Of what a person can repeat at will. */
  #logBounded(
    kind: SecurityKind,
    by: Principal | null,
    subject: string,
    now: number,
    details: SecurityEvent["details"] = {},
  ): void {
    const where = by?.project === undefined ? {} : { project: storedSlug(by.project) };
    this.#log.appendBounded({ kind, actor: loggedActor(by ?? undefined), subject, ...where, details }, now);
  }

  /** @param admin fingerprint of the asking Worker's ADMIN_TOKEN; without it, sessions of that token are over */
  principalOfSession(hash: string, admin: string | null = null): Principal | null {
    return this.#sessions.use(hash, admin, Date.now());
  }

  /** Ends a session, and what was made from it. */
  signOut(hash: string): void {
    this.#change((now) => {
      const owner = this.#sessions.ownerOf(hash);
      this.#sessions.signOut(hash);
      if (owner) this.#logBounded("session.ended", owner.principal, owner.id, now);
    });
  }

  /** As earlier versions ask for it; links end as well. */
  signOutEverywhere(id: string): void {
    this.#change((now) => {
      this.#sessions.endPerson(id);
      this.#logBounded(
        "session.ended",
        id === "admin" ? ADMINISTRATOR : this.#tokens.principal("id", id, now),
        id,
        now,
      );
    });
  }

  listSessions(
    caller: Caller,
    everybody: boolean | null,
  ): Result<{ sessions: SessionRecord[]; links: SignInLinkRecord[] }> {
    return this.#storage.transactionSync(() => this.#sessions.list(caller, everybody, Date.now()));
  }

  endSession(id: string, caller: Caller): Result<null> {
    return this.#change((now) => {
      const ended = this.#sessions.end(id, caller, now);
      if (!ended.ok) return ended;
      this.#logBounded("session.ended", ended.value, id, now);
      return ok(null);
    });
  }

  endSessions(caller: Caller, keepCurrent: boolean): Result<null> {
    return this.#change((now) => {
      const done = this.#sessions.endOwn(caller, keepCurrent, now);
      if (!done.ok) return done;
      const { by, ended } = done.value;
      this.#logBounded("session.ended", by, by.id, now, { sessions: ended });
      return ok(null);
    });
  }

  /**
   * The first 32 bits of the hash of every secret that opens anything, in hex, one after the other: by it an isolate
   * under attack tells made-up secrets from real ones, without a question for each.
   */
  secretHashes(): string {
    return [...this.#tokens.hashes(), ...this.#sessions.hashes()].map((hash) => hash.slice(0, 8)).join("");
  }

  noteFailures(sent: unknown): void {
    const report = failureReport.safeParse(sent);
    if (!report.success) return;
    this.#change((now) => {
      this.#failures.note(report.data, now);
      for (const { kind, count } of report.data) this.#log.count("sign-in.failed", kind, count, now);
    });
  }

  listFailures(): FailureRecord[] {
    return this.#failures.list(Date.now());
  }

  /** Records acts that others carried out. A `source` makes a report that comes twice count once. */
  recordActs(sent: unknown): Result<null> {
    const acts = actReport.safeParse(sent);
    if (!acts.success) return reject({ code: "invalid", issues: fieldIssues(acts.error) });
    return this.#change((now) => {
      for (const { event, source, as } of acts.data) {
        if (as === "bounded") this.#log.appendBounded(event, now);
        else if (as === "count") this.#log.count(event.kind, event.subject ?? "", 1, now);
        else this.#log.append(event, now, source ?? null);
      }
      return ok(null);
    });
  }

  securityPage(query: SecurityQuery): { rows: SecurityRow[]; next: number | null } {
    return this.#log.page(query);
  }

  /** Checks some rows of the chain after a place that a check before this one reached. */
  checkSecurityLog(from: { position: number; hash: string } | null, limit: number) {
    return this.#log.check(from, limit);
  }

  securityDelivery(): SecurityDeliveryView | null {
    return this.#delivery.view();
  }

  /** Where the log is sent from now on, and with which secret it is signed. */
  setSecurityDelivery(url: string, secret: string, by: Actor): void {
    this.#change((now) => {
      this.#delivery.set(url, secret, now);
      const details = { change: "set", host: new URL(url).host };
      const subject = "security-log delivery";
      this.#log.append({ kind: "setting.changed", actor: loggedActor(by), subject, details }, now);
    });
  }

  /** The row that says so is not sent any more: it stands in the log alone. */
  removeSecurityDelivery(by: Actor): boolean {
    return this.#change((now) => {
      if (!this.#delivery.remove()) return false;
      const subject = "security-log delivery";
      const details = { change: "deleted" };
      this.#log.append({ kind: "setting.changed", actor: loggedActor(by), subject, details }, now);
      return true;
    });
  }

  async alarm(): Promise<void> {
    const earliest = await runSteps({
      tokens: () => this.#storage.transactionSync(() => this.#endTokens(Date.now())),
      log: () => this.#storage.transactionSync(() => this.#log.flush(Date.now())),
      delivery: () => this.#delivery.deliver(Date.now),
    });
    this.#schedule(earliest);
  }

  #endTokens(now: number): void {
    for (const { record, due } of this.#tokens.due(now)) {
      if (due === "end") this.#revoke(record.id, SYSTEM, "token.expired");
      else this.#logToken("token.expiring", record, SYSTEM, now, { days: due });
    }
  }

  #schedule(earliest = Date.now()): void {
    const due = [this.#tokens.nextDueAt(), this.#log.flushAt, this.#delivery.dueAt].filter((at) => at !== null);
    const at = computeNextAlarm(due, earliest);
    void (at === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(at));
  }
}
