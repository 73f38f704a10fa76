import { LIMITS } from "../../../shared/limits.ts";
import { type Actor, roleCovers } from "../../../shared/schema/admin.ts";
import type { BackupRow } from "../../../shared/schema/backup.ts";
import { storedKeyName, storedSlug } from "../../../shared/schema/names.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import { type ServedReport, servedReport } from "../../../shared/schema/propagation.ts";
import { budgetState } from "../../../shared/schema/quota.ts";
import { type Signal, signal } from "../../../shared/schema/trigger.ts";
import { type UsageReport, usageReport } from "../../../shared/schema/usage.ts";
import { BUDGET } from "../../admin/budget/entity.ts";
import { seal } from "../../crypto/seal.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { randomSecret, sameSecret } from "../../crypto/tokens.ts";
import type { Env } from "../../env.ts";
import { readBreakGlass, removeBreakGlassKills } from "../../kv/break-glass.ts";
import { LIST_PREFIX, listShardKey } from "../../kv/list-shards.ts";
import { kvSnapshotStore, type SnapshotStore, snapshotKey } from "../../kv/snapshot-store.ts";
import { log } from "../../log.ts";
import { type Rejection, type Result, reject } from "../../result.ts";
import { within } from "../../within.ts";
import { watchList } from "../guard/guard-watch.ts";
import {
  Admission,
  CALL_CHARS,
  HEAVY_READS_AT_ONCE,
  HEAVY_READS_PER_S,
  LIST_CHARS_AT_ONCE,
  LIST_CHARS_PER_S,
  POINT_CHARS_AT_ONCE,
  POINT_CHARS_PER_S,
  POINTER_READS_AT_ONCE,
  POINTER_READS_PER_S,
  ReadBudget,
  SNAPSHOT_READS_AT_ONCE,
  SNAPSHOT_READS_PER_S,
  TRIGGER_LOOKS_AT_ONCE,
  TRIGGER_LOOKS_PER_S,
  USAGE_REPORTS_AT_ONCE,
  USAGE_REPORTS_PER_S,
} from "../kernel/admission.ts";
import type { Checkpoints } from "../kernel/checkpoint.ts";
import { checkpoints } from "../kernel/fault-server.ts";
import { migrate } from "../kernel/migrations.ts";
import { backoff, computeNextAlarm, drainOutbox, guardedBy, guardRow, type Rendered } from "../kernel/outbox.ts";
import { desk, directory, guard, testLedger } from "../stubs.ts";
import { LedgerOutbox, type LedgerPlace } from "../test-ledger/ledger-backup.ts";
import { RestoreStage } from "./backup.ts";
import { killOf } from "./build-snapshot.ts";
import { type Command, type Envelope, envelope } from "./commands.ts";
import { decide } from "./decide/decide.ts";
import { deliveryEventsOf } from "./decide/delivery.ts";
import { activeKills, carriedKills } from "./decide/kill.ts";
import { fieldIssues } from "./decide/parse.ts";
import { decideCall, mayStateOnset, SOURCE_NAMES, triggerActor } from "./decide/trigger.ts";
import type { Change, Row } from "./entities.ts";
import type { FlagStoreMethods, Reply, TriggerAnswer } from "./methods.ts";
import { FLAG_STORE_MIGRATIONS } from "./migrations.ts";
import { ProjectReader } from "./project-reader.ts";
import type { Published } from "./publications.ts";
import { stillTakenBack, takenBack } from "./revocations.ts";
import type { ListProposal } from "./segment-lists.ts";
import { snapshotTooLarge } from "./snapshot-size.ts";
import { TimedWork } from "./timed-work.ts";
import { monthOf } from "./usage-counters.ts";
import { viewAfter } from "./views.ts";
import { WebhookOutbox } from "./webhook-outbox.ts";

/** A write waits this long (ms) for its publication, so that its author's next evaluation sees it. */
const PUBLISH_WAIT_MS = 1_000;
/** The alarm of a publication under way: late enough not to disturb it, early enough to save it (ms). */
const SAFETY_ALARM_MS = 2_000;
/** KV calls that take longer count as failed (ms). */
const KV_TIMEOUT_MS = 5_000;
/** Tombstones stay this long (ms): far beyond the minute that KV may serve an old break-glass document. */
const TOMBSTONE_KEEP_MS = 7 * 86_400_000;
const CLEAN_UP_ROWS = 50;
/** When the last project of this name was deleted (epoch ms); absent: none was. */
const DELETIONS = "deletions";
/** 256 random bits in hex. */
const newSealKey = (): string => `${randomSecret()}${randomSecret()}`.slice(0, 64);
/** Shards of long lists written at a time: as many connections as a Worker may have open. */
const SHARDS_AT_ONCE = 6;
const BY_PEOPLE: ReadonlySet<Actor["type"]> = new Set(["admin", "token", "session"]);

/** Rolls a transaction back. */
class Unfit extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super(rejection.code);
    this.rejection = rejection;
  }
}

/** What `fetch` may call: everything of the protocol, nothing else. */
const METHODS: ReadonlySet<keyof FlagStoreMethods> = new Set([
  "execute",
  "getProject",
  "listFlags",
  "getFlag",
  "getState",
  "getDefinition",
  "listDefinitions",
  "getList",
  "beginList",
  "addToList",
  "listShard",
  "listEnvironments",
  "listSchedules",
  "getGuard",
  "listGuards",
  "getPlan",
  "listPlans",
  "listPlanTemplates",
  "listFreezes",
  "listTests",
  "getTest",
  "syntheticKey",
  "listKeys",
  "listTriggers",
  "listDeployments",
  "dora",
  "drill",
  "drillsDue",
  "budget",
  "debt",
  "listWebhooks",
  "webhookSecret",
  "knowsTrigger",
  "callTrigger",
  "audit",
  "auditPage",
  "searchAudit",
  "searchAuditPage",
  "exportProject",
  "pointer",
  "snapshot",
  "draft",
  "propagation",
  "noteUsage",
  "metrics",
  "usage",
  "backupPage",
  "restorePart",
] as const);

/** What viewers may ask for and what goes over everything there is. Backups are not among them: administrators take them. */
const HEAVY_READS: ReadonlySet<string> = new Set([
  "searchAudit",
  "searchAuditPage",
  "exportProject",
  "dora",
  "debt",
  "listDeployments",
]);

/** Writes, what edges ask for and have bounds of their own for, and what only administrators and timers ask. */
const UNCHARGED: ReadonlySet<string> = new Set([
  "execute",
  "restorePart",
  "beginList",
  "addToList",
  "webhookSecret",
  "knowsTrigger",
  "callTrigger",
  "noteUsage",
  "pointer",
  "snapshot",
  "listShard",
  "backupPage",
  "drillsDue",
]);
/** Of one document and what hangs on it. Whatever is in neither of these two is a list. */
const POINT_READS: ReadonlySet<string> = new Set([
  "getProject",
  "getFlag",
  "getState",
  "getDefinition",
  "getList",
  "getGuard",
  "getPlan",
  "getTest",
  "syntheticKey",
  "drill",
  "budget",
]);

/**
 * The single writer and the truth of one project. A shell: it parses, opens one transaction, asks `decide`, writes
 * documents, audit, outbox and reply together, and lets the outbox carry the result to the edges.
 */
export class FlagStore extends ProjectReader implements FlagStoreMethods {
  protected readonly methods = METHODS;
  readonly #storage: DurableObjectStorage;
  readonly #restoring: RestoreStage;
  readonly #timedWork: TimedWork;
  readonly #webhooks: WebhookOutbox;
  readonly #ledgerOutbox: LedgerOutbox;
  readonly #snapshots: SnapshotStore;

  readonly #checkpoints: Checkpoints;

  readonly #admitted = {
    pointer: new Admission(POINTER_READS_PER_S, POINTER_READS_AT_ONCE),
    snapshot: new Admission(SNAPSHOT_READS_PER_S, SNAPSHOT_READS_AT_ONCE),
    knowsTrigger: new Admission(TRIGGER_LOOKS_PER_S, TRIGGER_LOOKS_AT_ONCE),
    noteUsage: new Admission(USAGE_REPORTS_PER_S, USAGE_REPORTS_AT_ONCE),
    heavy: new Admission(HEAVY_READS_PER_S, HEAVY_READS_AT_ONCE),
  };

  readonly #budgets = {
    list: new ReadBudget(LIST_CHARS_PER_S, LIST_CHARS_AT_ONCE),
    point: new ReadBudget(POINT_CHARS_PER_S, POINT_CHARS_AT_ONCE),
  };
  /** What had been read when the present call began. */
  #readBefore = 0;

  /** The pointer as last made, and what it was made of: it is read far more often than anything in it changes. */
  #pointed: { mark: string; pointer: Omit<Pointer, "asOf"> } | null = null;

  #draining = false;

  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    this.#storage = state.storage;
    this.#restoring = new RestoreStage(state.storage.sql);
    this.#timedWork = new TimedWork({
      documents: this.documents,
      project: () => this.meta.project,
      transact: (asked) => this.#storage.transactionSync(() => this.#transact(asked)),
      breakGlass: () => within(KV_TIMEOUT_MS, readBreakGlass(env.SNAPSHOTS, this.meta.slug)).catch(() => null),
    });
    this.#webhooks = new WebhookOutbox(this.documents, this.notices, this.meta, env);
    const ledgerOf = ({ environment, flag }: LedgerPlace) =>
      testLedger(env, this.meta.slug, storedSlug(environment), storedKeyName(flag));
    this.#ledgerOutbox = new LedgerOutbox(state.storage.sql, {
      deliver: (delivery) => ledgerOf(delivery).restorePart(this.meta.project, delivery),
      clear: ({ environment, flag }) => {
        const questions = desk(env, this.meta.slug, storedSlug(environment));
        if (flag === "") return questions.clear();
        return Promise.all([ledgerOf({ environment, flag }).clear(), questions.clear(flag)]);
      },
      epoch: () => this.meta.epoch,
    });
    this.#snapshots = kvSnapshotStore(env.SNAPSHOTS);
    this.#checkpoints = checkpoints(env.FAULT_SERVER);
    const [table] = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'");
    if (table) this.#prepare();
  }

  /** Creates or updates the tables. Not before the first write: asking for a made-up project must leave no trace. */
  #prepare(): void {
    if (this.ready) return;
    migrate(this.#storage, FLAG_STORE_MIGRATIONS);
    if (this.meta.sealKey === undefined) this.meta.set("seal_key", newSealKey());
    this.ready = true;
    // A store that is older than these tables: what they hold follows from its audit.
    if (this.meta.get("delivery_built") === undefined) {
      this.#rebuildDelivery();
      this.meta.set("delivery_built", "1");
    }
  }

  protected override admits(method: string): boolean {
    if (method === "pointer" || method === "snapshot" || method === "noteUsage" || method === "knowsTrigger")
      return this.#admitted[method].admits(Date.now());
    if (!this.begins(method)) return false;
    return HEAVY_READS.has(method) ? this.#admitted.heavy.admits(Date.now()) : true;
  }

  #budgetOf(method: string): ReadBudget | null {
    if (UNCHARGED.has(method)) return null;
    return POINT_READS.has(method) ? this.#budgets.point : this.#budgets.list;
  }

  protected override begins(method: string): boolean {
    this.#readBefore = this.charsRead;
    return this.#budgetOf(method)?.hasRoom(Date.now()) ?? true;
  }

  protected override ends(method: string, chars: number): void {
    this.#budgetOf(method)?.charge(CALL_CHARS + this.charsRead - this.#readBefore + chars);
  }

  protected override refusalOf(method: string): 429 | 503 {
    return UNCHARGED.has(method) ? 503 : 429;
  }

  /** Carries out a command, once: with the same id again, the first answer comes back. */
  async execute(sent: Envelope): Promise<Result<Reply>> {
    const parsed = envelope.safeParse(sent);
    if (!parsed.success) return reject({ code: "invalid", issues: fieldIssues(parsed.error) });
    let asked = parsed.data;
    if (!this.ready) {
      if (asked.command.type !== "putProject") return reject({ code: "project-not-found", project: asked.project });
      this.#prepare();
    }
    const { command } = asked;
    if ((command.type === "createWebhook" || command.type === "patchWebhook") && command.url !== undefined)
      asked = { ...asked, command: { ...command, url: await seal(this.meta.webhookUrlKey, command.url) } };
    await this.#checkpoints.reach("received");
    await this.#checkpoints.reach("in-transaction");
    const result = this.#storage.transactionSync(() => this.#transact(asked));
    if (!result.ok || !result.value.changed || result.value.replayed || asked.dryRun) return result;
    await this.#checkpoints.reach("committed");
    const draining = this.#drain();
    // Tokens of a deleted project end before its deletion is confirmed: publications under way may keep the outbox busy.
    if (command.type === "deleteProject" || (command.type === "putProject" && result.value.created))
      await within(PUBLISH_WAIT_MS, this.#register()).catch(() => {});
    // Nobody who hears that a test is gone, or made, finds people of before; an object out of reach is told later.
    if (result.value.changes.some(({ entity }) => entity === "test" || entity === "environment"))
      await within(PUBLISH_WAIT_MS, this.#ledgerOutbox.handOver()).catch(() => {});
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
    const revision = this.auditLog.latestRevision + 1;
    const history = (since: number) => (since < revision ? this.auditLog.changesSince(since) : null);
    const list = this.#proposedList(command);
    const decided = decide(
      project,
      command,
      { view: this.documents, actor, comment, revision, now, ifVersion: asked.ifVersion, list },
      history,
    );
    if (!decided.ok) return decided;
    const { changes, publish } = decided.value;
    const created = changes.some((change) => change.before === null && change.entity !== "kill");
    if (asked.dryRun || changes.length === 0) {
      const view = viewAfter(this.documents, project, command, revision - 1, this.meta.epoch, now);
      const reply: Reply = { revision: revision - 1, changed: changes.length > 0, created: false, changes, view };
      // A kill that found the flag killed must not, repeated after a restore, kill it.
      if (!asked.dryRun) this.#rememberReply(asked.id, fingerprint, reply, now);
      return { ok: true, value: reply };
    }
    if (command.type === "putProject") this.meta.set("project", project);
    const unfit = this.#apply(asked, changes, publish, list, revision, now);
    if (unfit) return reject(unfit);
    const row = { revision, at: now, actor, action: command.type, comment, changes };
    this.auditLog.append(row);
    this.#webhooks.note(row);
    for (const event of deliveryEventsOf(row, this.documents)) this.delivery.note(event);
    for (const environment of publish) {
      this.publications.enqueue(environment, revision, now);
      this.propagationLog.committed(environment, revision, command.type, now);
    }
    this.#orderGuards([...publish, ...changes.map((change) => change.environment)], revision, now);
    const view = viewAfter(this.documents, project, command, revision, this.meta.epoch, now);
    const reply: Reply = { revision, changed: true, created, changes, view };
    this.#rememberReply(asked.id, fingerprint, reply, now);
    void this.#storage.setAlarm(now + SAFETY_ALARM_MS);
    this.#checkpoints.linger();
    return { ok: true, value: reply };
  }

  /** Lets the guards of these environments know what to watch, where there is, or was, anything to watch. */
  #orderGuards(environments: readonly string[], revision: number, now: number): void {
    for (const environment of new Set(environments)) {
      if (environment === "") continue;
      const list = watchList(this.documents, environment);
      const told = this.meta.get(`watched/${environment}`) ?? "nothing";
      const mark = list.length === 0 ? "nothing" : sha256(JSON.stringify(list));
      if (mark === told) continue;
      this.meta.set(`watched/${environment}`, mark);
      this.publications.enqueue(guardRow(environment), revision, now);
    }
  }

  /** Writes the documents; or says why not, and then nothing of them is kept. */
  #apply(
    { project, actor }: Envelope,
    changes: readonly Change[],
    publish: readonly string[],
    list: ListProposal | null,
    revision: number,
    now: number,
  ): Rejection | null {
    try {
      this.#storage.transactionSync(() => {
        for (const change of changes) {
          this.documents.apply(change, revision, now);
          if (change.entity === "environment" && change.after === null) {
            this.publications.withdraw(change.key, now);
            this.#ledgerOutbox.append({ environment: change.key, flag: "" }, null);
            this.usageLog.forget(change.key);
            this.counters.forget(change.key);
          }
          // Also as one is made: events may have come late, and earlier versions left people of deleted tests.
          if (change.entity === "test" && (change.before === null || change.after === null))
            this.#ledgerOutbox.append({ environment: change.environment, flag: change.key }, null);
          if (change.entity === "list") {
            for (const kvKey of this.lists.follow(storedSlug(project), change, list))
              this.publications.retire(kvKey, now);
          }
          if (change.entity === "trigger" && change.after === null) this.triggerCalls.forget(change.key);
          if (change.entity === "project") this.publications.enqueue("", revision, now);
          if (change.entity === "project" && change.after === null) {
            this.#endIdentity(now);
            this.counters.forgetMonths();
          }
        }
        // Guards, triggers and time must not fail for a size that somebody else has brought about.
        const unfit = BY_PEOPLE.has(actor.type)
          ? snapshotTooLarge(publish, changes, {
              sources: (environment) => this.documents.snapshotSources(environment),
              build: (environment) => this.snapshotNow(environment),
            })
          : null;
        if (unfit) throw new Unfit(unfit);
      });
      return null;
    } catch (error) {
      if (error instanceof Unfit) return error.rejection;
      throw error;
    }
  }

  /**
   * What a deleted project gave out must not open a project made later under its name: previews and stream tokens are
   * sealed with a secret that goes, and the directory revokes the tokens of all projects before this instant. A clock
   * and no counter, because a restore takes a counter back.
   */
  #endIdentity(now: number): void {
    this.meta.set("seal_key", newSealKey());
    this.meta.set(DELETIONS, String(Math.max(now, this.#deletions + 1)));
  }

  get #deletions(): number {
    return Number(this.meta.get(DELETIONS) ?? 0);
  }

  /** Tells the directory that this project is there or gone. Told twice, or late, it does no harm. */
  async #register(): Promise<void> {
    const row = this.documents.get("project", "", this.meta.project);
    const list = directory(this.env);
    const deletions = this.#deletions || null;
    await (row
      ? list.registerProject(this.meta.project, row.body.name, row.createdAt, deletions)
      : list.forgetProject(this.meta.project, deletions));
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

  /** The signing secret that goes with a salt, for whoever has just drawn it. */
  webhookSecret(salt: string): string | null {
    return this.ready ? this.meta.webhookSecret(salt) : null;
  }

  /** Builds the delivery events anew from the audit, as after a restore. Confirmations are not in it. */
  #rebuildDelivery(): void {
    this.delivery.clear();
    for (const row of this.auditLog.entries())
      for (const event of deliveryEventsOf(row, this.documents)) this.delivery.note(event);
  }

  /** Whether this is a trigger's secret, for a caller that is about to read the body. */
  knowsTrigger(environment: string, id: string, hash: string): boolean {
    const row = this.ready ? this.documents.get("trigger", environment, id) : null;
    return sameSecret(row?.body.hash ?? "", hash) && row !== null;
  }

  /**
   * A call of a trigger: the kill, what is remembered of the outbreak and the log stand in one transaction. Null: no
   * such trigger, or not its secret.
   */
  async callTrigger(environment: string, id: string, hash: string, sent: Signal): Promise<TriggerAnswer | null> {
    const row = this.knowsTrigger(environment, id, hash) ? this.documents.get("trigger", environment, id) : null;
    if (!row) return null;
    const heard = signal.parse(sent);
    const answered = this.#storage.transactionSync(() => this.#answerCall(row, heard, Date.now()));
    if (answered.outcome === "killed") void this.#drain();
    return answered;
  }

  #answerCall(row: Row<"trigger">, heard: Signal, now: number): TriggerAnswer {
    const { key: id, environment, body } = row;
    const { flag, variant } = body;
    const calls = this.triggerCalls;
    const episodes = heard.kind === "firing" ? heard.episodes : [];
    const killed = activeKills(this.documents, environment).some(
      (kill) => kill.body.flag === flag && (kill.body.variant === undefined || kill.body.variant === variant),
    );
    const callsThisMinute = calls.count(id, heard.kind === "firing" ? "firing" : "other", now);
    let outcome = decideCall(heard, { now, callsThisMinute, seen: calls.seen(id, episodes), killed });
    let revision: number | null = null;
    if (outcome === "killed" && heard.kind === "firing") {
      const command = { type: "kill", environment, flag, ...(variant === undefined ? {} : { variant }) } as const;
      const comment = `${SOURCE_NAMES[heard.source]}: ${heard.summary}`;
      const asked = {
        id: `trigger/${id}/${crypto.randomUUID()}`,
        project: this.meta.project,
        actor: triggerActor(row),
      };
      const isTheirs = mayStateOnset(body, this.documents.get("flag", "", flag)?.body.purpose);
      const onset =
        heard.onset === null || !isTheirs ? {} : { onsetAt: new Date(Math.min(heard.onset, now)).toISOString() };
      const reply = this.#transact({ ...asked, comment, command: { ...command, ...onset } });
      if (reply.ok) revision = reply.value.revision;
      else outcome = "refused";
    }
    if (outcome === "killed" || outcome === "already-killed" || outcome === "repeated")
      calls.remember(id, episodes, now);
    calls.log(id, heard, outcome, revision, now);
    return { outcome, flag, revision };
  }

  async alarm(): Promise<void> {
    if (!this.ready) return;
    await this.#timedWork.run();
    await this.#drain();
    await this.#forgetTombstones();
    this.documents.forgetSchedules(Date.now() - LIMITS.scheduleKeepMs);
    this.documents.forgetDeployments(Date.now() - LIMITS.deploymentKeepMs);
    this.delivery.forget(Date.now());
    const waiting = this.publications.pending().some(({ environment }) => guardedBy(environment) === null);
    for (const kvKey of this.publications.retired(Date.now(), CLEAN_UP_ROWS)) {
      // While a publication waits, edges may still read a snapshot that names these shards.
      if (waiting && kvKey.startsWith(LIST_PREFIX)) {
        this.publications.reprieve(kvKey, Date.now());
        continue;
      }
      try {
        await within(KV_TIMEOUT_MS, this.#snapshots.delete(kvKey));
        this.publications.forget(kvKey);
      } catch (error) {
        this.publications.reprieve(kvKey, Date.now());
        log({ event: "clean-up-failed", error: String(error) });
      }
    }
    this.#scheduleAlarm();
  }

  /** Not before KV's document is rid of the kills: without its tombstone a lifted one would be in force again. */
  async #forgetTombstones(): Promise<void> {
    const before = Date.now() - TOMBSTONE_KEEP_MS;
    const ids = this.documents.tombstones(before);
    if (ids.length === 0) return;
    try {
      await within(KV_TIMEOUT_MS, removeBreakGlassKills(this.env.SNAPSHOTS, this.meta.slug, ids));
      this.documents.forgetTombstones(before);
    } catch (error) {
      log({ event: "clean-up-failed", error: String(error) });
    }
  }

  /** Carries everything committed to the edges. One at a time; what comes meanwhile is carried by the same run. */
  async #drain(): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    try {
      do await drainOutbox(this.#outboxDeps());
      while (this.publications.pending().some(({ attempts }) => attempts === 0));
    } finally {
      this.#draining = false;
      this.#scheduleAlarm();
    }
    // After the edges, which matter more.
    for (const outbox of [this.#webhooks, this.#ledgerOutbox]) {
      if (outbox.dueAt === null) continue;
      await outbox.handOver();
      this.#scheduleAlarm();
    }
  }

  #outboxDeps() {
    return {
      pending: () => this.publications.pending(),
      render: (environment: string) => this.#render(environment),
      write: async (kvKey: string, body: string) => {
        await this.#checkpoints.reach("snapshot-rendered");
        await this.#writeShards();
        await within(KV_TIMEOUT_MS, this.#snapshots.put(kvKey, body));
        await this.#checkpoints.reach("kv-written");
      },
      publish: (environment: string, rendered: Rendered) => {
        this.#storage.transactionSync(() => {
          if (!this.documents.get("environment", "", environment)) return;
          const now = Date.now();
          this.publications.move(environment, rendered, now);
          this.propagationLog.published(environment, rendered.revision, now);
          this.documents.forgetClearedKills(environment, rendered.revision);
        });
        return this.#checkpoints.reach("pointer-moved");
      },
      postpone: (environment: string, attempts: number) =>
        this.publications.postpone(environment, attempts, Date.now() + backoff(attempts)),
      register: () => this.#register(),
      order: async (environment: string) => {
        const revision = this.auditLog.latestRevision;
        const list = watchList(this.documents, environment);
        const madeAt = this.documents.get("environment", "", environment)?.createdAt ?? null;
        const order = { project: this.meta.project, environment, epoch: this.meta.epoch, revision, madeAt, list };
        await within(KV_TIMEOUT_MS, guard(this.env, this.meta.slug, storedSlug(environment)).watch(order));
        await this.#checkpoints.reach("guard-told");
        this.publications.settle(guardRow(environment), revision);
      },
      registered: () => this.publications.settle("", this.auditLog.latestRevision),
      report: log,
    };
  }

  /** A snapshot may name a shard only when it lies in KV. What is there already is not written again. */
  async #writeShards(): Promise<void> {
    for (;;) {
      const batch = this.lists.unwritten(SHARDS_AT_ONCE);
      if (batch.length === 0) return;
      await Promise.all(
        batch.map(async ({ segment, shard, version }) => {
          const bytes = this.lists.bytes(segment, shard, version);
          const kvKey = listShardKey(this.meta.slug, storedKeyName(segment), version, shard);
          // Without bytes it has been replaced meanwhile, and no snapshot will name it.
          if (bytes) await within(KV_TIMEOUT_MS, this.env.SNAPSHOTS.put(kvKey, bytes));
          this.lists.written(segment, shard, version);
        }),
      );
    }
  }

  /** For a command on a long list: what it would become. Writes nothing but the counter of versions. */
  #proposedList(command: Command): ListProposal | null {
    if (command.type !== "putList" && command.type !== "patchList") return null;
    const { segment } = command;
    const current = this.documents.get("list", "", segment)?.body ?? null;
    if (command.type === "putList") return this.lists.uploaded(segment, command.upload, current);
    const salt = current?.salt ?? randomSecret().slice(0, 32);
    const identity = { version: this.#nextListVersion(), salt, key: this.meta.listKey(salt) };
    return this.lists.amended(segment, command, identity, current);
  }

  /** Never given twice, also when a restore takes the counter back: then the epoch has risen. */
  #nextListVersion(): string {
    const next = Number(this.meta.get("list_version") ?? 0) + 1;
    this.meta.set("list_version", String(next));
    return `${this.meta.epoch}-${next}`;
  }

  #render(environment: string): Rendered {
    const revision = this.auditLog.latestRevision;
    const body = JSON.stringify(this.snapshotNow(environment));
    const hash = sha256(body);
    const kvKey = snapshotKey(this.meta.slug, storedSlug(environment), revision, hash);
    const rendered = { revision, hash, kvKey, body };
    this.#storage.transactionSync(() => this.publications.keepBody(rendered));
    return rendered;
  }

  #scheduleAlarm(): void {
    const due = this.#timedWork.dueTimes();
    for (const { dueAt } of [this.#webhooks, this.#ledgerOutbox]) if (dueAt !== null) due.push(dueAt);
    const at = computeNextAlarm([...this.publications.due(), ...due], Date.now());
    void (at === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(at));
  }

  /** What edges re-read: current snapshots and kills. Null when there is no such project. */
  pointer(report?: ServedReport): Pointer | null {
    if (!this.ready || !this.documents.get("project", "", this.meta.project)) return null;
    const told = servedReport.safeParse(report);
    if (told.success)
      this.#storage.transactionSync(() => {
        this.propagationLog.served(told.data, Date.now());
        if (told.data.served.length > 0) this.delivery.confirm(Date.now());
      });
    const published = this.publications.published();
    const revision = this.auditLog.latestRevision;
    const mark = [this.meta.epoch, revision, ...published.map(({ hash }) => hash)].join(" ");
    if (this.#pointed?.mark !== mark) this.#pointed = { mark, pointer: this.#point(revision, published) };
    return { ...this.#pointed.pointer, asOf: Date.now() };
  }

  #point(revision: number, published: Published[]): Omit<Pointer, "asOf"> {
    const environments: Pointer["environments"] = {};
    for (const { environment, revision: out, hash } of published) {
      // A restored kill stays until the snapshot without it is out: an older snapshot must not re-open a rollout.
      const kills = this.documents
        .list("kill", environment)
        .filter(({ body }) => body.clearedRevision === undefined || body.clearedRevision > out);
      const tombstones = this.documents.list("tombstone", environment).map(({ key }) => key);
      environments[environment] = { revision: out, hash, kills: kills.map(killOf), tombstones };
    }
    return { project: this.meta.slug, epoch: this.meta.epoch, revision, environments };
  }

  /** What an edge was asked for. Of no consequence, so that nothing is written for what does not exist. */
  noteUsage(environment: string, report: UsageReport): void {
    const told = usageReport.safeParse(report);
    if (!told.success || !this.ready || !this.documents.get("environment", "", environment)) return;
    const known = (flag: string) => this.documents.get("flag", "", flag) !== null;
    const { reporter, counts } = told.data;
    this.#storage.transactionSync(() => {
      this.usageLog.note(environment, told.data, known, Date.now());
      if (!reporter || !counts) return;
      this.counters.take(environment, reporter, counts, Date.now());
      this.#watchBudget(Date.now());
    });
  }

  /**
   * Takes a part of a backup; the last one rebuilds the project from all of them. The epoch rises above both the
   * backup's and the present one, so that edges follow although the revision may fall.
   */
  async restorePart(
    project: string,
    sent: { part: number; rows: BackupRow[]; last: boolean; replace: boolean; revive?: boolean | undefined },
    actor: Actor,
  ): Promise<Result<{ revision: number; epoch: number; done: boolean }>> {
    if (!roleCovers(actor.role, "admin")) return reject({ code: "forbidden", needs: "the role admin" });
    this.#prepare();
    const result = this.#storage.transactionSync((): Result<{ revision: number; epoch: number; done: boolean }> => {
      if (this.documents.get("project", "", project) && !sent.replace) {
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
      const slug = storedSlug(project);
      const epoch = Math.max(this.meta.epoch, checked.value.epoch) + 1;
      for (const { environment } of this.publications.published()) this.publications.withdraw(environment, now);
      const before = this.lists.kvKeys(slug);
      const killed = this.documents.list("kill").filter(({ body }) => body.clearedRevision === undefined);
      const tests = this.documents.list("test").map(({ environment, key: flag }) => ({ environment, flag }));
      const environments = this.documents.list("environment").map(({ key }) => ({ environment: key, flag: "" }));
      const clearings = this.#ledgerOutbox.clearings();
      const taken = sent.revive ? null : takenBack(this.auditLog.entries());
      const deletions = this.#deletions;
      const confirmations = this.#restoring.apply(this.#ledgerOutbox);
      this.meta.set("project", slug);
      // The backup's count is of another installation, or of an earlier time.
      if (this.#deletions !== deletions) this.meta.set(DELETIONS, String(deletions));
      this.lists.enqueueAll();
      const after = new Set(this.lists.kvKeys(slug));
      for (const kvKey of before) if (!after.has(kvKey)) this.publications.retire(kvKey, now);
      this.meta.set("epoch", String(epoch));
      this.#webhooks.beginAnew(epoch);
      this.#rebuildDelivery();
      for (const confirmation of confirmations) this.delivery.putConfirmation(confirmation);
      // Whom tests counted that the backup does not know: a later test of that name must not find them.
      if (checked.value.ledgers)
        for (const place of [...tests, ...environments, ...clearings]) {
          const { environment, flag } = place;
          const isThere =
            flag === ""
              ? this.documents.get("environment", "", environment)
              : this.documents.get("test", environment, flag);
          if (!isThere) this.#ledgerOutbox.append(place, null);
        }
      const revision = checked.value.revision + 1;
      const comment = `epoch ${epoch}`;
      const changes = [
        ...carriedKills(killed, this.documents, revision),
        ...(taken ? stillTakenBack(taken, this.documents) : []),
      ];
      for (const change of changes) this.documents.apply(change, revision, now);
      this.auditLog.append({ revision, at: now, actor, action: "restoreBackup", comment, changes });
      this.publications.enqueue("", revision, now);
      for (const { key } of this.documents.list("environment")) {
        this.publications.enqueue(key, revision, now);
        this.publications.enqueue(guardRow(key), revision, now);
      }
      void this.#storage.setAlarm(now + SAFETY_ALARM_MS);
      return { ok: true, value: { revision, epoch, done: true } };
    });
    if (result.ok && result.value.done) await Promise.race([this.#drain(), scheduler.wait(PUBLISH_WAIT_MS)]);
    return result;
  }

  /** Opens the upload of a segment's long list: under which name its shards come, and the key to hash with. */
  beginList(segment: string): Result<{ upload: string; key: string }> {
    if (!this.getProject()) return reject({ code: "project-not-found", project: this.meta.project });
    if (!this.documents.get("segment", "", segment)) return reject({ code: "segment-not-found", segment });
    return this.#storage.transactionSync(() => {
      const salt = this.documents.get("list", "", segment)?.body.salt ?? randomSecret().slice(0, 32);
      const upload = this.#nextListVersion();
      this.lists.begin(segment, upload, salt, Date.now());
      return { ok: true, value: { upload, key: this.meta.listKey(salt) } };
    });
  }

  /** Takes some of an upload's shards. They count when the upload is put in place by a command. */
  addToList(upload: string, parts: { shard: number; hashes: string }[]): boolean {
    return this.ready && this.#storage.transactionSync(() => this.lists.add(upload, parts));
  }

  /** Once a month, when the use has passed the share that was set. In the transaction of the report that passed it. */
  #watchBudget(now: number): void {
    const budget = this.documents.get("budget", "", BUDGET)?.body;
    const month = monthOf(now);
    if (!budget || budget.warnedMonth === month) return;
    const { evaluations } = this.counters.month(month);
    if (budgetState(evaluations, budget) === "within") return;
    const share = Math.floor((evaluations / budget.evaluationsPerMonth) * 100);
    const actor = { type: "system", id: "budget", name: "The budget", role: "engineer" } as const;
    const comment = `${share} % of the budget of ${month} is used`;
    const asked = { id: `budget/${month}/${crypto.randomUUID()}`, project: this.meta.project, actor, comment };
    this.#transact({ ...asked, command: { type: "warnBudget", month } });
  }
}

/** What tells a command sent again from another one: not what every attempt draws anew, a key's secret or an upload's name. */
function asAsked(command: Command): unknown {
  if (command.type === "createKey" || command.type === "createTrigger")
    return { ...command, id: "", hash: "", hint: "" };
  if (command.type === "createWebhook") return { ...command, id: "", salt: "" };
  if (command.type === "rotateWebhook") return { ...command, salt: "" };
  // The route reads them out of KV; a restore that is sent again finds others.
  if (command.type === "restore") return { ...command, breakGlassIds: [] };
  return command.type === "putList" ? { ...command, upload: "" } : command;
}
