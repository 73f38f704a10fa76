import { LIMITS } from "../../shared/limits.ts";
import type { Actor, AuditRow, ExportDocument } from "../../shared/schema/admin.ts";
import type { BackupPage, BackupRow } from "../../shared/schema/backup.ts";
import type { Pointer } from "../../shared/schema/pointer.ts";
import { type ServedReport, servedReport } from "../../shared/schema/propagation.ts";
import type { Snapshot } from "../../shared/schema/snapshot.ts";
import type { Env } from "../env.ts";
import { randomSecret } from "../http/tokens.ts";
import { kvSnapshotStore, type SnapshotStore, sha256, snapshotKey } from "../kv/snapshot-store.ts";
import { log } from "../log.ts";
import { AuditLog } from "./audit.ts";
import { RestoreStage, readBackupPage } from "./backup.ts";
import { buildSnapshot, killOf } from "./build-snapshot.ts";
import { type Checkpoints, checkpoints } from "./checkpoint.ts";
import { type Command, type Envelope, envelope } from "./commands.ts";
import { decide } from "./decide/decide.ts";
import { fieldIssues } from "./decide/parse.ts";
import { Documents } from "./documents.ts";
import { DurableBase } from "./durable-base.ts";
import type { Change } from "./entities.ts";
import { exportProject } from "./export-project.ts";
import { FLAG_STORE_MIGRATIONS, migrate } from "./migrations.ts";
import { backoff, computeNextAlarm, drainOutbox, type Rendered } from "./outbox.ts";
import { PropagationLog } from "./propagation-log.ts";
import { Publications } from "./publications.ts";
import { type Result, reject } from "./result.ts";
import { directory } from "./stubs.ts";
import {
  definitionViewOf,
  environmentViews,
  flagViewOf,
  flagViews,
  keyViews,
  projectViewOf,
  stateViewOf,
  viewAfter,
} from "./views.ts";

/** What a carried-out command answers. */
export interface Reply {
  /** The project's revision afterwards. */
  revision: number;
  /** False when everything already stood as asked: no revision was made. */
  changed: boolean;
  created: boolean;
  changes: Change[];
  /** The document concerned, as it stands now. */
  view: unknown;
  /** The answer to a command of this id that was carried out earlier. */
  replayed?: boolean;
}

/** A write waits this long (ms) for its publication, so that its author's next evaluation sees it. */
const PUBLISH_WAIT_MS = 1_000;
/** The alarm of a publication under way: late enough not to disturb it, early enough to save it (ms). */
const SAFETY_ALARM_MS = 2_000;
/** KV calls that take longer count as failed (ms). */
const KV_TIMEOUT_MS = 5_000;
/** Tombstones stay this long (ms): far beyond the minute that KV may serve an old break-glass document. */
const TOMBSTONE_KEEP_MS = 7 * 86_400_000;
const CLEAN_UP_ROWS = 50;

/**
 * The single writer and the truth of one project. A shell: it parses, opens one transaction, asks `decide`, writes
 * documents, audit, outbox and reply together, and lets the outbox carry the result to the edges.
 */
export class FlagStore extends DurableBase {
  protected readonly methods = new Set([
    "execute",
    "getProject",
    "listFlags",
    "getFlag",
    "getState",
    "listStates",
    "getDefinition",
    "listDefinitions",
    "listEnvironments",
    "listKeys",
    "audit",
    "exportProject",
    "pointer",
    "snapshot",
    "draft",
    "propagation",
    "backupPage",
    "restorePart",
  ]);
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  readonly #documents: Documents;
  readonly #audit: AuditLog;
  readonly #publications: Publications;
  readonly #propagation: PropagationLog;
  readonly #restoring: RestoreStage;
  readonly #snapshots: SnapshotStore;
  readonly #checkpoints: Checkpoints;
  #ready = false;
  #draining = false;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.#env = env;
    this.#storage = state.storage;
    this.#documents = new Documents(state.storage.sql);
    this.#audit = new AuditLog(state.storage.sql);
    this.#publications = new Publications(state.storage.sql);
    this.#restoring = new RestoreStage(state.storage.sql);
    this.#propagation = new PropagationLog(state.storage.sql);
    this.#snapshots = kvSnapshotStore(env.SNAPSHOTS);
    this.#checkpoints = checkpoints(env.FAULT_SERVER);
    const [table] = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'");
    if (table) this.#prepare();
  }

  /** Creates or updates the tables. Not before the first write: asking for a made-up project must leave no trace. */
  #prepare(): void {
    if (this.#ready) return;
    migrate(this.#storage, FLAG_STORE_MIGRATIONS);
    if (this.#meta("seal_key") === undefined)
      this.#setMeta("seal_key", `${randomSecret()}${randomSecret()}`.slice(0, 64));
    this.#ready = true;
  }

  /** Carries out a command, once: with the same id again, the first answer comes back. */
  async execute(sent: Envelope): Promise<Result<Reply>> {
    const parsed = envelope.safeParse(sent);
    if (!parsed.success) return reject({ code: "invalid", issues: fieldIssues(parsed.error) });
    const asked = parsed.data;
    if (!this.#ready) {
      if (asked.command.type !== "putProject") return reject({ code: "project-not-found", project: asked.project });
      this.#prepare();
    }
    await this.#checkpoints.reach("received");
    await this.#checkpoints.reach("in-transaction");
    const result = this.#storage.transactionSync(() => this.#transact(asked));
    if (!result.ok || !result.value.changed || result.value.replayed || asked.dryRun) return result;
    await this.#checkpoints.reach("committed");
    const draining = this.#drain();
    // A kill is in force through the pointer already; everything else waits for its snapshot, but not for long.
    if (asked.command.type !== "kill") await Promise.race([draining, scheduler.wait(PUBLISH_WAIT_MS)]);
    return result;
  }

  #transact(asked: Envelope): Result<Reply> {
    const { project, command, actor, comment } = asked;
    const now = Date.now();
    const fingerprint = sha256(JSON.stringify([asAsked(command), actor.id]));
    const earlier = this.#earlierReply(asked.id, fingerprint);
    if (earlier) return earlier;
    const revision = this.#audit.latestRevision + 1;
    const history = (since: number) => (since < revision ? this.#audit.changesSince(since) : null);
    const decided = decide(
      project,
      command,
      { view: this.#documents, actor, comment, revision, now, ifVersion: asked.ifVersion },
      history,
    );
    if (!decided.ok) return decided;
    const { changes, publish } = decided.value;
    const created = changes.some((change) => change.before === null && change.entity !== "kill");
    if (asked.dryRun || changes.length === 0) {
      const view = viewAfter(this.#documents, project, command, revision - 1, this.#epoch);
      const reply: Reply = { revision: revision - 1, changed: changes.length > 0, created: false, changes, view };
      // A kill that found the flag killed must not, repeated after a restore, kill it.
      if (!asked.dryRun) this.#rememberReply(asked.id, fingerprint, reply, now);
      return { ok: true, value: reply };
    }
    if (command.type === "putProject") this.#setMeta("project", project);
    for (const change of changes) {
      this.#documents.apply(change, revision, now);
      if (change.entity === "environment" && change.after === null) this.#publications.withdraw(change.key, now);
      if (change.entity === "project") this.#publications.enqueue("", revision, now);
    }
    this.#audit.append({ revision, at: now, actor, action: command.type, comment, changes });
    for (const environment of publish) {
      this.#publications.enqueue(environment, revision, now);
      this.#propagation.committed(environment, revision, command.type, now);
    }
    const view = viewAfter(this.#documents, project, command, revision, this.#epoch);
    const reply: Reply = { revision, changed: true, created, changes, view };
    this.#rememberReply(asked.id, fingerprint, reply, now);
    void this.#storage.setAlarm(now + SAFETY_ALARM_MS);
    this.#checkpoints.linger();
    return { ok: true, value: reply };
  }

  #earlierReply(id: string, fingerprint: string): Result<Reply> | null {
    const [row] = this.#storage.sql.exec<{ fingerprint: string; reply: string }>(
      "SELECT fingerprint, reply FROM command WHERE id = ?",
      id,
    );
    if (!row) return null;
    if (row.fingerprint !== fingerprint) return reject({ code: "idempotency-key-reused" });
    return { ok: true, value: { ...(JSON.parse(row.reply) as Reply), replayed: true } };
  }

  #rememberReply(id: string, fingerprint: string, reply: Reply, now: number): void {
    const { sql } = this.#storage;
    sql.exec("DELETE FROM command WHERE at < ?", now - LIMITS.idempotencyKeepMs);
    // The changes of an import are in the audit already; a replay needs the answer only.
    const kept = JSON.stringify({ ...reply, changes: [] });
    sql.exec("INSERT INTO command (id, fingerprint, reply, at) VALUES (?, ?, ?, ?)", id, fingerprint, kept, now);
  }

  async alarm(): Promise<void> {
    if (!this.#ready) return;
    await this.#drain();
    this.#documents.forgetTombstones(Date.now() - TOMBSTONE_KEEP_MS);
    for (const kvKey of this.#publications.retired(Date.now(), CLEAN_UP_ROWS)) {
      await this.#snapshots.delete(kvKey);
      this.#publications.forget(kvKey);
    }
    this.#scheduleAlarm();
  }

  /** Carries everything committed to the edges. One at a time; what comes meanwhile is carried by the same run. */
  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    try {
      do await drainOutbox(this.#outboxDeps());
      while (this.#publications.pending().some(({ attempts }) => attempts === 0));
    } finally {
      this.#draining = false;
      this.#scheduleAlarm();
    }
  }

  #outboxDeps() {
    return {
      pending: () => this.#publications.pending(),
      render: (environment: string) => this.#render(environment),
      write: async (kvKey: string, body: string) => {
        await this.#checkpoints.reach("snapshot-rendered");
        await within(KV_TIMEOUT_MS, this.#snapshots.put(kvKey, body));
        await this.#checkpoints.reach("kv-written");
      },
      publish: (environment: string, rendered: Rendered) => {
        this.#storage.transactionSync(() => {
          if (!this.#documents.get("environment", "", environment)) return;
          const now = Date.now();
          this.#publications.move(environment, rendered, now);
          this.#propagation.published(environment, rendered.revision, now);
          this.#documents.forgetClearedKills(environment, rendered.revision);
        });
        return this.#checkpoints.reach("pointer-moved");
      },
      postpone: (environment: string, attempts: number) =>
        this.#publications.postpone(environment, attempts, Date.now() + backoff(attempts)),
      register: async () => {
        const row = this.#documents.get("project", "", this.#project);
        const list = directory(this.#env);
        await (row
          ? list.registerProject(this.#project, row.body.name, row.createdAt)
          : list.forgetProject(this.#project));
      },
      registered: () => this.#publications.settle("", this.#audit.latestRevision),
      report: log,
    };
  }

  #render(environment: string): Rendered {
    const revision = this.#audit.latestRevision;
    const identity = { project: this.#project, environment, epoch: this.#epoch, revision };
    const built = buildSnapshot(this.#documents, { ...identity, sealKey: this.#meta("seal_key") });
    const body = JSON.stringify(built);
    const hash = sha256(body);
    const rendered = { revision, hash, kvKey: snapshotKey(this.#project, environment, revision, hash), body };
    this.#storage.transactionSync(() => this.#publications.keepBody(rendered));
    return rendered;
  }

  #scheduleAlarm(): void {
    const at = computeNextAlarm(this.#publications.due(), Date.now());
    void (at === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(at));
  }

  /** What edges re-read: current snapshots and kills. Null when there is no such project. */
  pointer(report?: ServedReport): Pointer | null {
    if (!this.#ready || !this.#documents.get("project", "", this.#project)) return null;
    const told = servedReport.safeParse(report);
    if (told.success && told.data.served.length > 0)
      this.#storage.transactionSync(() => this.#propagation.served(told.data));
    const environments: Pointer["environments"] = {};
    for (const { environment, revision, hash } of this.#publications.published()) {
      // A restored kill stays until the snapshot without it is out: an older snapshot must not re-open a rollout.
      const kills = this.#documents
        .list("kill", environment)
        .filter(({ body }) => body.clearedRevision === undefined || body.clearedRevision > revision);
      const tombstones = this.#documents.list("tombstone", environment).map(({ key }) => key);
      environments[environment] = { revision, hash, kills: kills.map(killOf), tombstones };
    }
    return {
      project: this.#project,
      epoch: this.#epoch,
      revision: this.#audit.latestRevision,
      environments,
      asOf: Date.now(),
    };
  }

  /** The bytes of a published snapshot, for edges that KV fails. */
  snapshot(environment: string, hash: string): string | null {
    if (!this.#ready) return null;
    const published = this.#publications.published(environment).find((one) => one.hash === hash);
    return published ? this.#publications.body(published.kvKey) : null;
  }

  /** An environment as it stands now, published or not: for the playground. */
  draft(environment: string): Snapshot | null {
    if (!this.#ready || !this.#documents.get("environment", "", environment)) return null;
    return buildSnapshot(this.#documents, {
      project: this.#project,
      environment,
      epoch: this.#epoch,
      revision: this.#audit.latestRevision,
    });
  }

  backupPage(cursor: string | null): BackupPage | null {
    if (!this.getProject()) return null;
    const takenAt = new Date().toISOString();
    const identity = { project: this.#project, epoch: this.#epoch, revision: this.#audit.latestRevision };
    return readBackupPage(
      this.#storage.sql,
      { row: "header", format: "blastdoor-backup-1", ...identity, takenAt },
      cursor,
    );
  }

  /**
   * Takes a part of a backup; the last one rebuilds the project from all of them. The epoch rises above both the
   * backup's and the present one, so that edges follow although the revision may fall.
   */
  async restorePart(
    project: string,
    sent: { part: number; rows: BackupRow[]; last: boolean; replace: boolean },
    actor: Actor,
  ): Promise<Result<{ revision: number; epoch: number; done: boolean }>> {
    this.#prepare();
    const result = this.#storage.transactionSync((): Result<{ revision: number; epoch: number; done: boolean }> => {
      if (this.#documents.get("project", "", project) && !sent.replace) {
        return reject({
          code: "already-exists",
          what: `The project "${project}"`,
          fix: 'Send "replace": true to replace everything in it.',
        });
      }
      const added = this.#restoring.add(sent.part, sent.rows);
      if (!added.ok) return added;
      if (!sent.last) return { ok: true, value: { revision: 0, epoch: 0, done: false } };
      const checked = this.#restoring.check(project);
      if (!checked.ok) return checked;
      const now = Date.now();
      const epoch = Math.max(this.#epoch, checked.value.epoch) + 1;
      for (const { environment } of this.#publications.published()) this.#publications.withdraw(environment, now);
      this.#restoring.apply();
      this.#setMeta("epoch", String(epoch));
      const revision = checked.value.revision + 1;
      const comment = `epoch ${epoch}`;
      this.#audit.append({ revision, at: now, actor, action: "restoreBackup", comment, changes: [] });
      this.#publications.enqueue("", revision, now);
      for (const { key } of this.#documents.list("environment")) this.#publications.enqueue(key, revision, now);
      void this.#storage.setAlarm(now + SAFETY_ALARM_MS);
      return { ok: true, value: { revision, epoch, done: true } };
    });
    if (result.ok && result.value.done) await Promise.race([this.#drain(), scheduler.wait(PUBLISH_WAIT_MS)]);
    return result;
  }

  propagation(environment: string) {
    return this.#ready && this.#documents.get("environment", "", environment)
      ? this.#propagation.recent(environment)
      : null;
  }

  getProject() {
    return this.#ready ? projectViewOf(this.#documents, this.#project, this.#audit.latestRevision, this.#epoch) : null;
  }

  listFlags(archived: boolean) {
    return this.getProject() && flagViews(this.#documents, archived);
  }

  getFlag(flag: string) {
    return this.#ready ? flagViewOf(this.#documents, flag) : null;
  }

  getState(environment: string, flag: string) {
    return this.#ready ? stateViewOf(this.#documents, environment, flag) : null;
  }

  getDefinition(entity: "segment" | "layer" | "holdout", key: string) {
    return this.#ready ? definitionViewOf(this.#documents, entity, key) : null;
  }

  listDefinitions(entity: "segment" | "layer" | "holdout") {
    if (!this.getProject()) return null;
    return this.#documents
      .list<"segment" | "layer" | "holdout">(entity)
      .map(({ key }) => definitionViewOf(this.#documents, entity, key));
  }

  listKeys(environment: string) {
    return this.#ready && this.#documents.get("environment", "", environment)
      ? keyViews(this.#documents, environment)
      : null;
  }

  listEnvironments() {
    return this.getProject() && environmentViews(this.#documents);
  }

  audit(after: number, limit: number): AuditRow[] | null {
    return this.#ready ? this.#audit.page(after, Math.min(limit, LIMITS.auditPageRows)) : null;
  }

  exportProject(): ExportDocument | null {
    if (!this.getProject()) return null;
    return exportProject(this.#documents, this.#project, this.#audit.latestRevision, Date.now());
  }

  get #project(): string {
    return this.#meta("project") ?? "";
  }

  get #epoch(): number {
    return Number(this.#meta("epoch") ?? 1);
  }

  #meta(name: string): string | undefined {
    const [row] = this.#storage.sql.exec<{ value: string }>("SELECT value FROM meta WHERE name = ?", name);
    return row?.value;
  }

  #setMeta(name: string, value: string): void {
    this.#storage.sql.exec("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, value);
  }
}

/** What makes two commands of one id the same. Of a new key not its secret, which every attempt draws anew. */
function asAsked(command: Command): unknown {
  return command.type === "createKey" ? { ...command, id: "", hash: "", hint: "" } : command;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const timeout = scheduler.wait(ms).then(() => {
    throw new Error(`no answer within ${ms} ms`);
  });
  return Promise.race([work, timeout]);
}

export type FlagStoreMethods = Pick<
  FlagStore,
  | "execute"
  | "getProject"
  | "listFlags"
  | "getFlag"
  | "getState"
  | "getDefinition"
  | "listDefinitions"
  | "listEnvironments"
  | "listKeys"
  | "audit"
  | "exportProject"
  | "pointer"
  | "snapshot"
  | "draft"
  | "propagation"
  | "backupPage"
  | "restorePart"
>;
