import { dora } from "../../shared/dora.ts";
import { LIMITS } from "../../shared/limits.ts";
import type { Actor, AuditRow, ExportDocument } from "../../shared/schema/admin.ts";
import type { BackupPage, BackupRow } from "../../shared/schema/backup.ts";
import type { DeploymentView, Dora } from "../../shared/schema/delivery.ts";
import type { DrillView } from "../../shared/schema/drill.ts";
import type { DebtView } from "../../shared/schema/flag-debt.ts";
import type { Pointer } from "../../shared/schema/pointer.ts";
import { type ServedReport, servedReport } from "../../shared/schema/propagation.ts";
import { type BudgetView, budgetState } from "../../shared/schema/quota.ts";
import type { Snapshot } from "../../shared/schema/snapshot.ts";
import type { TestView } from "../../shared/schema/test-admin.ts";
import { type CallOutcome, type Signal, signal } from "../../shared/schema/trigger.ts";
import { type UsageReport, type UsageView, usageReport } from "../../shared/schema/usage.ts";
import type { WebhookView } from "../../shared/schema/webhook.ts";
import type { Env } from "../env.ts";
import { toBase64 } from "../http/base64.ts";
import { seal, unseal } from "../http/seal.ts";
import { syntheticKey } from "../http/synthetic.ts";
import { randomSecret, sameSecret } from "../http/tokens.ts";
import { readBreakGlass, removeBreakGlassKills } from "../kv/break-glass.ts";
import { LIST_PREFIX, listShardKey } from "../kv/list-shards.ts";
import { kvSnapshotStore, type SnapshotStore, sha256, snapshotKey } from "../kv/snapshot-store.ts";
import { log } from "../log.ts";
import type { StoreMetrics } from "../metrics/project-metrics.ts";
import {
  Admission,
  POINTER_READS_AT_ONCE,
  POINTER_READS_PER_S,
  SNAPSHOT_READS_AT_ONCE,
  SNAPSHOT_READS_PER_S,
  USAGE_REPORTS_AT_ONCE,
  USAGE_REPORTS_PER_S,
} from "./admission.ts";
import { type AuditEntry, AuditLog, type AuditSearch } from "./audit.ts";
import { RestoreStage, readBackupPage } from "./backup.ts";
import { buildSnapshot, killOf } from "./build-snapshot.ts";
import { type Checkpoints, checkpoints } from "./checkpoint.ts";
import { type Command, type Envelope, envelope } from "./commands.ts";
import type { Endpoint } from "./courier/deliveries.ts";
import { debtOf } from "./debt-facts.ts";
import { decide } from "./decide/decide.ts";
import { deliveryEventsOf } from "./decide/delivery.ts";
import { overdueTests } from "./decide/demand-test.ts";
import { drillViewOf, nextDrill } from "./decide/drill.ts";
import { activeKills, carriedKills } from "./decide/kill.ts";
import { messagesOf, wants } from "./decide/notices.ts";
import { fieldIssues } from "./decide/parse.ts";
import { plansByTime } from "./decide/plan.ts";
import { BUDGET } from "./decide/quota.ts";
import { dueSchedules, scheduleActor } from "./decide/schedule.ts";
import { decideCall, SOURCE_NAMES, triggerActor } from "./decide/trigger.ts";
import { DeliveryLog } from "./delivery-log.ts";
import { Documents } from "./documents.ts";
import { DurableBase } from "./durable-base.ts";
import type { Change, Row } from "./entities.ts";
import { exportProject } from "./export-project.ts";
import { watchList } from "./guard-watch.ts";
import { FLAG_STORE_MIGRATIONS, migrate } from "./migrations.ts";
import { Notices } from "./notices.ts";
import { backoff, computeNextAlarm, drainOutbox, guardedBy, guardRow, type Rendered } from "./outbox.ts";
import { PropagationLog } from "./propagation-log.ts";
import { Publications, type Published } from "./publications.ts";
import { type Rejection, type Result, reject } from "./result.ts";
import { type ListProposal, SegmentLists } from "./segment-lists.ts";
import { type SnapshotSizes, snapshotTooLarge } from "./snapshot-size.ts";
import { courier, directory, guard } from "./stubs.ts";
import { TriggerCalls } from "./trigger-calls.ts";
import { monthOf, UsageCounters } from "./usage-counters.ts";
import { UsageLog } from "./usage-log.ts";
import {
  definitionViewOf,
  deploymentView,
  environmentViews,
  flagViewOf,
  flagViews,
  freezeViews,
  guardView,
  keyViews,
  listViewOf,
  planTemplateViews,
  planView,
  planViewOf,
  projectViewOf,
  scheduleViews,
  stateViewOf,
  testViewOf,
  testViews,
  triggerView,
  viewAfter,
  webhookView,
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

/** What a call of a trigger did. */
export interface TriggerAnswer {
  outcome: CallOutcome;
  flag: string;
  /** The project revision that the kill became. */
  revision: number | null;
}

/** A write waits this long (ms) for its publication, so that its author's next evaluation sees it. */
const PUBLISH_WAIT_MS = 1_000;
/** The alarm of a publication under way: late enough not to disturb it, early enough to save it (ms). */
const SAFETY_ALARM_MS = 2_000;
/** KV calls that take longer count as failed (ms). */
const KV_TIMEOUT_MS = 5_000;
/** The courier writes to its own SQLite and answers; longer counts as failed (ms). */
const COURIER_TIMEOUT_MS = 5_000;
/** Tombstones stay this long (ms): far beyond the minute that KV may serve an old break-glass document. */
const TOMBSTONE_KEEP_MS = 7 * 86_400_000;
const CLEAN_UP_ROWS = 50;
/** Shards of long lists written at a time: as many connections as a Worker may have open. */
const SHARDS_AT_ONCE = 6;
/** After a fault of our own, a due schedule is tried again after this long (ms). */
const SCHEDULE_RETRY_MS = 30_000;
/** A due plan is looked at again after this long (ms), while a break-glass kill holds it or after a fault. */
const PLAN_RETRY_MS = 30_000;
/** Who stands in the audit for a step that time made. The right to make it was that of whoever started the plan. */
const PLAN_ACTOR: Actor = { type: "schedule", id: "release-plan", name: "Release plan", role: "engineer" };

/** Who ends a test that has reached its own end: with the right of those who make tests. */
export const STOP_RULE: Actor = { type: "system", id: "stop-rule", name: "Stop rule", role: "marketer" };

const BY_PEOPLE: ReadonlySet<Actor["type"]> = new Set(["admin", "token", "session"]);

/** Rolls a transaction back. */
class Unfit extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super(rejection.code);
    this.rejection = rejection;
  }
}

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
    "getList",
    "beginList",
    "addToList",
    "listShard",
    "listEnvironments",
    "listSchedules",
    "getGuard",
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
    "callTrigger",
    "audit",
    "searchAudit",
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
  ]);
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  readonly #documents: Documents;
  readonly #audit: AuditLog;
  readonly #publications: Publications;
  readonly #propagation: PropagationLog;
  readonly #usage: UsageLog;
  readonly #counters: UsageCounters;
  readonly #lists: SegmentLists;
  readonly #restoring: RestoreStage;
  readonly #delivery: DeliveryLog;
  readonly #triggerCalls: TriggerCalls;
  readonly #notices: Notices;
  #handingOver = false;
  #handOverFailures = 0;
  #handOverAt = 0;
  readonly #snapshots: SnapshotStore;
  readonly #checkpoints: Checkpoints;
  readonly #admitted = {
    pointer: new Admission(POINTER_READS_PER_S, POINTER_READS_AT_ONCE),
    snapshot: new Admission(SNAPSHOT_READS_PER_S, SNAPSHOT_READS_AT_ONCE),
    noteUsage: new Admission(USAGE_REPORTS_PER_S, USAGE_REPORTS_AT_ONCE),
  };
  /** The pointer as last made, and what it was made of: it is read far more often than anything in it changes. */
  #pointed: { mark: string; pointer: Omit<Pointer, "asOf"> } | null = null;
  #ready = false;
  #draining = false;
  /** After a fault, schedules are not tried again before (epoch ms). */
  #schedulesHeldUntil = 0;
  /** Likewise plans. */
  #plansHeldUntil = 0;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.#env = env;
    this.#storage = state.storage;
    this.#documents = new Documents(state.storage.sql);
    this.#audit = new AuditLog(state.storage.sql);
    this.#publications = new Publications(state.storage.sql);
    this.#usage = new UsageLog(state.storage.sql);
    this.#counters = new UsageCounters(state.storage.sql);
    this.#lists = new SegmentLists(state.storage.sql);
    this.#restoring = new RestoreStage(state.storage.sql);
    this.#propagation = new PropagationLog(state.storage.sql);
    this.#delivery = new DeliveryLog(state.storage.sql);
    this.#triggerCalls = new TriggerCalls(state.storage.sql);
    this.#notices = new Notices(state.storage.sql);
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
    // A store that is older than these tables: what they hold follows from its audit.
    if (this.#meta("delivery_built") === undefined) {
      this.#rebuildDelivery();
      this.#setMeta("delivery_built", "1");
    }
  }

  protected override admits(method: string): boolean {
    return method === "pointer" || method === "snapshot" || method === "noteUsage"
      ? this.#admitted[method].admits(Date.now())
      : true;
  }

  /** Carries out a command, once: with the same id again, the first answer comes back. */
  async execute(sent: Envelope): Promise<Result<Reply>> {
    const parsed = envelope.safeParse(sent);
    if (!parsed.success) return reject({ code: "invalid", issues: fieldIssues(parsed.error) });
    let asked = parsed.data;
    if (!this.#ready) {
      if (asked.command.type !== "putProject") return reject({ code: "project-not-found", project: asked.project });
      this.#prepare();
    }
    const { command } = asked;
    if ((command.type === "createWebhook" || command.type === "patchWebhook") && command.url !== undefined)
      asked = { ...asked, command: { ...command, url: await seal(this.#webhookUrlKey, command.url) } };
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
    const list = this.#proposedList(command);
    const decided = decide(
      project,
      command,
      { view: this.#documents, actor, comment, revision, now, ifVersion: asked.ifVersion, list },
      history,
    );
    if (!decided.ok) return decided;
    const { changes, publish } = decided.value;
    const created = changes.some((change) => change.before === null && change.entity !== "kill");
    if (asked.dryRun || changes.length === 0) {
      const view = viewAfter(this.#documents, project, command, revision - 1, this.#epoch, now);
      const reply: Reply = { revision: revision - 1, changed: changes.length > 0, created: false, changes, view };
      // A kill that found the flag killed must not, repeated after a restore, kill it.
      if (!asked.dryRun) this.#rememberReply(asked.id, fingerprint, reply, now);
      return { ok: true, value: reply };
    }
    if (command.type === "putProject") this.#setMeta("project", project);
    const unfit = this.#apply(asked, changes, publish, list, revision, now);
    if (unfit) return reject(unfit);
    const row = { revision, at: now, actor, action: command.type, comment, changes };
    this.#audit.append(row);
    this.#notify(row);
    for (const event of deliveryEventsOf(row, this.#documents)) this.#delivery.note(event);
    for (const environment of publish) {
      this.#publications.enqueue(environment, revision, now);
      this.#propagation.committed(environment, revision, command.type, now);
    }
    this.#orderGuards([...publish, ...changes.map((change) => change.environment)], revision, now);
    const view = viewAfter(this.#documents, project, command, revision, this.#epoch, now);
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
      const list = watchList(this.#documents, environment);
      const told = this.#meta(`watched/${environment}`) ?? "nothing";
      const mark = list.length === 0 ? "nothing" : sha256(JSON.stringify(list));
      if (mark === told) continue;
      this.#setMeta(`watched/${environment}`, mark);
      this.#publications.enqueue(guardRow(environment), revision, now);
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
          this.#documents.apply(change, revision, now);
          if (change.entity === "environment" && change.after === null) this.#publications.withdraw(change.key, now);
          if (change.entity === "list") {
            for (const kvKey of this.#lists.follow(project, change, list)) this.#publications.retire(kvKey, now);
          }
          if (change.entity === "trigger" && change.after === null) this.#triggerCalls.forget(change.key);
          if (change.entity === "project") this.#publications.enqueue("", revision, now);
        }
        // Guards, triggers and time must not fail for a size that somebody else has brought about.
        const unfit = BY_PEOPLE.has(actor.type) ? snapshotTooLarge(publish, changes, this.#snapshotSizes()) : null;
        if (unfit) throw new Unfit(unfit);
      });
      return null;
    } catch (error) {
      if (error instanceof Unfit) return error.rejection;
      throw error;
    }
  }

  #snapshotSizes(): SnapshotSizes {
    return {
      sources: (environment) => this.#documents.snapshotSources(environment),
      build: (environment) => {
        const identity = {
          project: this.#project,
          environment,
          epoch: this.#epoch,
          revision: this.#audit.latestRevision,
        };
        const sealed = { ...identity, sealKey: this.#meta("seal_key") };
        return buildSnapshot(this.#documents, sealed, (salt) => this.#listKey(salt));
      },
    };
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

  /** In the transaction of what it tells of, for those who want it; without webhooks nothing is kept. */
  #notify(row: AuditEntry): void {
    const webhooks = this.#documents.list("webhook");
    if (row.changes.some(({ entity }) => entity === "webhook"))
      this.#setMeta("webhooks_revision", String(row.revision));
    if (webhooks.length === 0) return;
    for (const [index, message] of messagesOf(this.#project, row).entries()) {
      const wanting = webhooks.filter(({ body }) => wants(body, message)).map(({ key }) => key);
      if (wanting.length === 0) continue;
      const id = `msg_${this.#project}-${this.#epoch}-${row.revision}-${index}`;
      this.#notices.append({ id, webhooks: wanting, message });
    }
  }

  /** Hands what waits to the courier, until it has it. Twice does no harm. */
  async #handOver(): Promise<void> {
    if (this.#handingOver) return;
    this.#handingOver = true;
    try {
      while (this.#hasNews) {
        const revision = this.#meta("webhooks_revision") ?? "0";
        const { notices, upTo } = this.#notices.waiting();
        await within(COURIER_TIMEOUT_MS, courier(this.#env, this.#project).take(await this.#endpoints(), notices));
        this.#notices.taken(upTo);
        this.#setMeta("courier_told", revision);
        this.#handOverFailures = 0;
      }
    } catch (error) {
      this.#handOverFailures++;
      log({ event: "courier-unreachable", attempts: this.#handOverFailures, error: String(error) });
    } finally {
      this.#handOverAt = Date.now() + backoff(this.#handOverFailures);
      this.#handingOver = false;
    }
  }

  /** Whether there is something that the courier does not know: messages, or the webhooks as they stand now. */
  get #hasNews(): boolean {
    return (this.#meta("webhooks_revision") ?? "0") !== (this.#meta("courier_told") ?? "0") || !this.#notices.isEmpty;
  }

  /** Webhooks as the courier needs them, with what the documents keep sealed. */
  async #endpoints(): Promise<Endpoint[]> {
    const now = Date.now();
    return Promise.all(
      this.#documents.list("webhook").map(async ({ key: webhook, body }) => {
        const { format, dashboard, paused, salt, previous } = body;
        const url = (await unseal(this.#webhookUrlKey, body.url)) ?? "";
        const old = previous && Date.parse(previous.until) > now ? [this.#webhookSecret(previous.salt)] : [];
        return { webhook, url, format, dashboard, paused, secrets: [this.#webhookSecret(salt), ...old] };
      }),
    );
  }

  get #webhookUrlKey(): string {
    return sha256(`webhook-url\n${this.#meta("seal_key")}`);
  }

  /** Signing secrets are derived, so that the audit shows salts only. */
  #webhookSecret(salt: string): string {
    const hex = sha256(`webhook-secret\n${this.#meta("seal_key")}\n${salt}`);
    return `whsec_${toBase64(Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)))}`;
  }

  /** The signing secret that goes with a salt, for whoever has just drawn it. */
  webhookSecret(salt: string): string | null {
    return this.#ready ? this.#webhookSecret(salt) : null;
  }

  async listWebhooks(): Promise<WebhookView[] | null> {
    if (!this.getProject()) return null;
    const rows = this.#documents.list("webhook");
    const counts = rows.length === 0 ? [] : await courier(this.#env, this.#project).counts();
    return rows.map((row) => webhookView(row, counts.find(({ webhook }) => webhook === row.key) ?? null));
  }

  listDeployments(environment: string | null): DeploymentView[] | null {
    if (!this.getProject()) return null;
    return this.#documents
      .list("deployment", environment ?? undefined)
      .map(deploymentView)
      .sort((a, b) => Date.parse(b.finishedAt) - Date.parse(a.finishedAt))
      .slice(0, LIMITS.deploymentsShown);
  }

  /** The four figures of an environment (production, or else the last one, unless named) over a window. */
  dora(named: string | null, window: { from: number; to: number }): Dora | null {
    const environment = this.#usualEnvironment(named);
    if (environment === null) return null;
    const deployments = this.#documents.list("deployment", environment).map(({ body }) => ({
      status: body.status,
      at: Date.parse(body.finishedAt),
      committedAt: body.committedAt === undefined ? null : Date.parse(body.committedAt),
    }));
    return dora(environment, deployments, this.#delivery.events(environment, window.from), window);
  }

  /** Flags that code could do without, judged by an environment: production, or else the last one, unless named. */
  debt(named: string | null, days: number): DebtView | null {
    const environment = this.#usualEnvironment(named);
    if (environment === null) return null;
    const flags = debtOf(this.#documents, environment, this.#usage.view(environment), days, Date.now());
    return { days, environment, flags };
  }

  #usualEnvironment(named: string | null): string | null {
    const environments = this.#ready ? environmentViews(this.#documents).map(({ key }) => key) : [];
    if (named !== null) return environments.find((key) => key === named) ?? null;
    return environments.find((key) => key === "production") ?? environments.at(-1) ?? null;
  }

  /** Builds the delivery events anew from the audit, as after a restore. Confirmations are not in it. */
  #rebuildDelivery(): void {
    this.#delivery.clear();
    for (const row of this.#audit.entries())
      for (const event of deliveryEventsOf(row, this.#documents)) this.#delivery.note(event);
  }

  /** What a scrape shows of this project. */
  metrics(): StoreMetrics | null {
    if (!this.getProject()) return null;
    const counters = this.#counters.totals();
    const environments = this.#documents.list("environment").map(({ key }) => [
      key,
      {
        kills: activeKills(this.#documents, key).length,
        counters: Object.fromEntries([...(counters.get(key) ?? [])].filter(([name]) => !name.startsWith("key."))),
        propagation: this.#propagation.afterMs(key),
      },
    ]);
    return {
      revision: this.#audit.latestRevision,
      flags: this.#documents.list("flag").filter(({ body }) => !body.archivedAt).length,
      publicationsWaiting: this.#publications.pending().length,
      noticesWaiting: this.#notices.count,
      staleServed: this.#propagation.centres().reduce((sum, { staleServed }) => sum + staleServed, 0),
      environments: Object.fromEntries(environments),
    };
  }

  /**
   * A call of a trigger: the kill, what is remembered of the outbreak and the log stand in one transaction. Null: no
   * such trigger, or not its secret.
   */
  async callTrigger(environment: string, id: string, hash: string, sent: Signal): Promise<TriggerAnswer | null> {
    if (!this.#ready) return null;
    const row = this.#documents.get("trigger", environment, id);
    if (!sameSecret(row?.body.hash ?? "", hash) || !row) return null;
    const heard = signal.parse(sent);
    const answered = this.#storage.transactionSync(() => this.#answerCall(row, heard, Date.now()));
    if (answered.outcome === "killed") void this.#drain();
    return answered;
  }

  #answerCall(row: Row<"trigger">, heard: Signal, now: number): TriggerAnswer {
    const { key: id, environment, body } = row;
    const { flag, variant } = body;
    const calls = this.#triggerCalls;
    const episodes = heard.kind === "firing" ? heard.episodes : [];
    const killed = activeKills(this.#documents, environment).some(
      (kill) => kill.body.flag === flag && (kill.body.variant === undefined || kill.body.variant === variant),
    );
    const callsThisMinute = calls.count(id, heard.kind === "firing" ? "firing" : "other", now);
    let outcome = decideCall(heard, { now, callsThisMinute, seen: calls.seen(id, episodes), killed });
    let revision: number | null = null;
    if (outcome === "killed" && heard.kind === "firing") {
      const command = { type: "kill", environment, flag, ...(variant === undefined ? {} : { variant }) } as const;
      const comment = `${SOURCE_NAMES[heard.source]}: ${heard.summary}`;
      const asked = { id: `trigger/${id}/${crypto.randomUUID()}`, project: this.#project, actor: triggerActor(row) };
      const onset = heard.onset === null ? {} : { onsetAt: new Date(Math.min(heard.onset, now)).toISOString() };
      const reply = this.#transact({ ...asked, comment, command: { ...command, ...onset } });
      if (reply.ok) revision = reply.value.revision;
      else outcome = "refused";
    }
    if (outcome === "killed" || outcome === "already-killed" || outcome === "repeated")
      calls.remember(id, episodes, now);
    calls.log(id, heard, outcome, revision, now);
    return { outcome, flag, revision };
  }

  listTriggers(environment: string, flag: string) {
    if (!this.#ready || !this.#documents.get("environment", "", environment)) return null;
    return this.#documents
      .list("trigger", environment)
      .filter((row) => row.body.flag === flag)
      .map((row) => triggerView(row, this.#triggerCalls.recent(row.key, LIMITS.triggerCallsKept)));
  }

  async alarm(): Promise<void> {
    if (!this.#ready) return;
    this.#applySchedules();
    await this.#advancePlans();
    this.#stopOverdueTests();
    await this.#drain();
    await this.#forgetTombstones();
    this.#documents.forgetSchedules(Date.now() - LIMITS.scheduleKeepMs);
    this.#documents.forgetDeployments(Date.now() - LIMITS.deploymentKeepMs);
    this.#delivery.forget(Date.now());
    const waiting = this.#publications.pending().some(({ environment }) => guardedBy(environment) === null);
    for (const kvKey of this.#publications.retired(Date.now(), CLEAN_UP_ROWS)) {
      // While a publication waits, edges may still read a snapshot that names these shards.
      if (waiting && kvKey.startsWith(LIST_PREFIX)) {
        this.#publications.reprieve(kvKey, Date.now());
        continue;
      }
      try {
        await within(KV_TIMEOUT_MS, this.#snapshots.delete(kvKey));
        this.#publications.forget(kvKey);
      } catch (error) {
        this.#publications.reprieve(kvKey, Date.now());
        log({ event: "clean-up-failed", error: String(error) });
      }
    }
    this.#scheduleAlarm();
  }

  /** Not before KV's document is rid of the kills: without its tombstone a lifted one would be in force again. */
  async #forgetTombstones(): Promise<void> {
    const before = Date.now() - TOMBSTONE_KEEP_MS;
    const ids = this.#documents.tombstones(before);
    if (ids.length === 0) return;
    try {
      await within(KV_TIMEOUT_MS, removeBreakGlassKills(this.#env.SNAPSHOTS, this.#project, ids));
      this.#documents.forgetTombstones(before);
    } catch (error) {
      log({ event: "clean-up-failed", error: String(error) });
    }
  }

  /** Each in a transaction of its own, under an id of its own: however often the alarm comes, once. */
  #applySchedules(): void {
    for (const row of dueSchedules(this.#documents, Date.now())) {
      const { key: id, environment, body } = row;
      const command = { type: "applySchedule", environment, flag: body.flag, id } as const;
      const asked = { id: `schedule/${id}`, project: this.#project, actor: scheduleActor(row), command };
      try {
        this.#storage.transactionSync(() => this.#transact({ ...asked, comment: body.comment }));
      } catch (error) {
        // One that cannot be carried out now must not keep the others waiting; the alarm comes back to it.
        this.#schedulesHeldUntil = Date.now() + SCHEDULE_RETRY_MS;
        log({ event: "schedule-failed", schedule: id, error: String(error) });
      }
    }
  }

  /**
   * Takes plans on whose stage ends by time alone. The command names run and stage, so an alarm that comes twice goes
   * on once. A kill in the break-glass lane, which this object does not hold, keeps a plan where it is as any other.
   */
  async #advancePlans(): Promise<void> {
    const due = plansByTime(this.#documents, Date.now()).filter(({ at }) => at <= Date.now());
    if (due.length === 0) return;
    const lane = await within(KV_TIMEOUT_MS, readBreakGlass(this.#env.SNAPSHOTS, this.#project)).catch(() => null);
    for (const { row } of due) {
      const { key: flag, environment, body } = row;
      const broken = lane === null || lane.environments[environment]?.some((kill) => kill.flag === flag);
      if (broken || !body.run) {
        this.#plansHeldUntil = Date.now() + PLAN_RETRY_MS;
        continue;
      }
      const { id: run, stage: from } = body.run;
      const command = { type: "advancePlan", environment, flag, run, from } as const;
      // A new id each time: one that found the plan waiting must not be answered from memory for a day.
      const asked = { id: crypto.randomUUID(), project: this.#project, actor: PLAN_ACTOR, comment: "", command };
      try {
        const result = this.#storage.transactionSync(() => this.#transact(asked));
        if (result.ok && result.value.changed) continue;
        log({ event: "plan-waits", plan: run, flag, reason: result.ok ? "overtaken" : result.rejection.code });
      } catch (error) {
        log({ event: "plan-failed", plan: run, flag, error: String(error) });
      }
      this.#plansHeldUntil = Date.now() + PLAN_RETRY_MS;
    }
  }

  /** Tests end on their date, also when nobody visits any more. */
  #stopOverdueTests(): void {
    for (const { key: flag, environment, body } of overdueTests(this.#documents, Date.now())) {
      const command = { type: "stopTest", environment, flag, reason: "date", run: body.run } as const;
      const id = `test/${environment}/${flag}/${body.run}/date`;
      try {
        const asked = { id, project: this.#project, actor: STOP_RULE, comment: "Its date has come", command };
        this.#storage.transactionSync(() => this.#transact(asked));
      } catch (error) {
        this.#schedulesHeldUntil = Date.now() + SCHEDULE_RETRY_MS;
        log({ event: "test-not-stopped", flag, error: String(error) });
      }
    }
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
    // After the edges, which matter more.
    if (!this.#hasNews) return;
    await this.#handOver();
    this.#scheduleAlarm();
  }

  #outboxDeps() {
    return {
      pending: () => this.#publications.pending(),
      render: (environment: string) => this.#render(environment),
      write: async (kvKey: string, body: string) => {
        await this.#checkpoints.reach("snapshot-rendered");
        await this.#writeShards();
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
      order: async (environment: string) => {
        const revision = this.#audit.latestRevision;
        const list = watchList(this.#documents, environment);
        const order = { project: this.#project, environment, epoch: this.#epoch, revision, list };
        await within(KV_TIMEOUT_MS, guard(this.#env, this.#project, environment).watch(order));
        this.#publications.settle(guardRow(environment), revision);
      },
      registered: () => this.#publications.settle("", this.#audit.latestRevision),
      report: log,
    };
  }

  /** A snapshot may name a shard only when it lies in KV. What is there already is not written again. */
  async #writeShards(): Promise<void> {
    for (;;) {
      const batch = this.#lists.unwritten(SHARDS_AT_ONCE);
      if (batch.length === 0) return;
      await Promise.all(
        batch.map(async ({ segment, shard, version }) => {
          const bytes = this.#lists.bytes(segment, shard, version);
          const kvKey = listShardKey(this.#project, segment, version, shard);
          // Without bytes it has been replaced meanwhile, and no snapshot will name it.
          if (bytes) await within(KV_TIMEOUT_MS, this.#env.SNAPSHOTS.put(kvKey, bytes));
          this.#lists.written(segment, shard, version);
        }),
      );
    }
  }

  /** For a command on a long list: what it would become. Writes nothing but the counter of versions. */
  #proposedList(command: Command): ListProposal | null {
    if (command.type !== "putList" && command.type !== "patchList") return null;
    const { segment } = command;
    const current = this.#documents.get("list", "", segment)?.body ?? null;
    if (command.type === "putList") return this.#lists.uploaded(segment, command.upload, current);
    const salt = current?.salt ?? randomSecret().slice(0, 32);
    const identity = { version: this.#nextListVersion(), salt, key: this.#listKey(salt) };
    return this.#lists.amended(segment, command, identity, current);
  }

  /** Never given twice, also when a restore takes the counter back: then the epoch has risen. */
  #nextListVersion(): string {
    const next = Number(this.#meta("list_version") ?? 0) + 1;
    this.#setMeta("list_version", String(next));
    return `${this.#epoch}-${next}`;
  }

  /** Hash keys are derived, so that the audit shows salts only. */
  #listKey(salt: string): string {
    return sha256(`segment-list\n${this.#meta("seal_key")}\n${salt}`).slice(0, 32);
  }

  #render(environment: string): Rendered {
    const revision = this.#audit.latestRevision;
    const identity = { project: this.#project, environment, epoch: this.#epoch, revision };
    const sealed = { ...identity, sealKey: this.#meta("seal_key") };
    const built = buildSnapshot(this.#documents, sealed, (salt) => this.#listKey(salt));
    const body = JSON.stringify(built);
    const hash = sha256(body);
    const rendered = { revision, hash, kvKey: snapshotKey(this.#project, environment, revision, hash), body };
    this.#storage.transactionSync(() => this.#publications.keepBody(rendered));
    return rendered;
  }

  #scheduleAlarm(): void {
    const due = [this.#documents.nextSchedule(), this.#documents.nextTestEnd()]
      .filter((at) => at !== null)
      .map((at) => Math.max(at, this.#schedulesHeldUntil));
    for (const { at } of plansByTime(this.#documents, Date.now())) due.push(Math.max(at, this.#plansHeldUntil));
    if (this.#hasNews) due.push(this.#handOverAt);
    const at = computeNextAlarm([...this.#publications.due(), ...due], Date.now());
    void (at === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(at));
  }

  /** What edges re-read: current snapshots and kills. Null when there is no such project. */
  pointer(report?: ServedReport): Pointer | null {
    if (!this.#ready || !this.#documents.get("project", "", this.#project)) return null;
    const told = servedReport.safeParse(report);
    if (told.success)
      this.#storage.transactionSync(() => {
        this.#propagation.served(told.data, Date.now());
        if (told.data.served.length > 0) this.#delivery.confirm(Date.now());
      });
    const published = this.#publications.published();
    const revision = this.#audit.latestRevision;
    const mark = [this.#epoch, revision, ...published.map(({ hash }) => hash)].join(" ");
    if (this.#pointed?.mark !== mark) this.#pointed = { mark, pointer: this.#point(revision, published) };
    return { ...this.#pointed.pointer, asOf: Date.now() };
  }

  #point(revision: number, published: Published[]): Omit<Pointer, "asOf"> {
    const environments: Pointer["environments"] = {};
    for (const { environment, revision: out, hash } of published) {
      // A restored kill stays until the snapshot without it is out: an older snapshot must not re-open a rollout.
      const kills = this.#documents
        .list("kill", environment)
        .filter(({ body }) => body.clearedRevision === undefined || body.clearedRevision > out);
      const tombstones = this.#documents.list("tombstone", environment).map(({ key }) => key);
      environments[environment] = { revision: out, hash, kills: kills.map(killOf), tombstones };
    }
    return { project: this.#project, epoch: this.#epoch, revision, environments };
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
    const identity = {
      project: this.#project,
      environment,
      epoch: this.#epoch,
      revision: this.#audit.latestRevision,
    };
    return buildSnapshot(this.#documents, identity, (salt) => this.#listKey(salt));
  }

  /** What an edge was asked for. Of no consequence, so that nothing is written for what does not exist. */
  noteUsage(environment: string, report: UsageReport): void {
    const told = usageReport.safeParse(report);
    if (!told.success || !this.#ready || !this.#documents.get("environment", "", environment)) return;
    const known = (flag: string) => this.#documents.get("flag", "", flag) !== null;
    const { reporter, counts } = told.data;
    this.#storage.transactionSync(() => {
      this.#usage.note(environment, told.data, known, Date.now());
      if (!reporter || !counts) return;
      this.#counters.take(environment, reporter, counts, Date.now());
      this.#watchBudget(Date.now());
    });
  }

  usage(environment: string): UsageView | null {
    return this.#ready && this.#documents.get("environment", "", environment) ? this.#usage.view(environment) : null;
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
      const before = this.#lists.kvKeys(project);
      const killed = this.#documents.list("kill").filter(({ body }) => body.clearedRevision === undefined);
      this.#restoring.apply();
      this.#lists.enqueueAll();
      const after = new Set(this.#lists.kvKeys(project));
      for (const kvKey of before) if (!after.has(kvKey)) this.#publications.retire(kvKey, now);
      this.#setMeta("epoch", String(epoch));
      // Of another epoch: the courier is told anew, whatever the backup says that it knew.
      this.#setMeta("webhooks_revision", `${epoch}/0`);
      this.#rebuildDelivery();
      const revision = checked.value.revision + 1;
      const comment = `epoch ${epoch}`;
      const changes = carriedKills(killed, this.#documents, revision);
      for (const change of changes) this.#documents.apply(change, revision, now);
      this.#audit.append({ revision, at: now, actor, action: "restoreBackup", comment, changes });
      this.#publications.enqueue("", revision, now);
      for (const { key } of this.#documents.list("environment")) {
        this.#publications.enqueue(key, revision, now);
        this.#publications.enqueue(guardRow(key), revision, now);
      }
      void this.#storage.setAlarm(now + SAFETY_ALARM_MS);
      return { ok: true, value: { revision, epoch, done: true } };
    });
    if (result.ok && result.value.done) await Promise.race([this.#drain(), scheduler.wait(PUBLISH_WAIT_MS)]);
    return result;
  }

  propagation(environment: string) {
    return this.#ready && this.#documents.get("environment", "", environment)
      ? { changes: this.#propagation.recent(environment), centres: this.#propagation.centres() }
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

  getList(segment: string) {
    return this.#ready ? listViewOf(this.#documents, segment) : null;
  }

  /** Opens the upload of a segment's long list: under which name its shards come, and the key to hash with. */
  beginList(segment: string): Result<{ upload: string; key: string }> {
    if (!this.getProject()) return reject({ code: "project-not-found", project: this.#project });
    if (!this.#documents.get("segment", "", segment)) return reject({ code: "segment-not-found", segment });
    return this.#storage.transactionSync(() => {
      const salt = this.#documents.get("list", "", segment)?.body.salt ?? randomSecret().slice(0, 32);
      const upload = this.#nextListVersion();
      this.#lists.begin(segment, upload, salt, Date.now());
      return { ok: true, value: { upload, key: this.#listKey(salt) } };
    });
  }

  /** Takes some of an upload's shards. They count when the upload is put in place by a command. */
  addToList(upload: string, parts: { shard: number; hashes: string }[]): boolean {
    return this.#ready && this.#storage.transactionSync(() => this.#lists.add(upload, parts));
  }

  /** The bytes of a shard as base64, for edges that KV fails. */
  listShard(segment: string, shard: number, version: string): string | null {
    return this.#ready ? this.#lists.base64(segment, shard, version) : null;
  }

  listKeys(environment: string) {
    if (!this.#ready || !this.#documents.get("environment", "", environment)) return null;
    const uses = this.#counters.byKey(environment);
    return keyViews(this.#documents, environment).map((key) => ({
      ...key,
      ...(uses.get(key.id) ?? { asked: 0, limited: 0 }),
    }));
  }

  drill(environment: string): DrillView | null {
    if (!this.#ready || !this.#documents.get("environment", "", environment)) return null;
    return drillViewOf(this.#documents, environment);
  }

  /** Environments whose stop button is to be tried now. */
  drillsDue(): string[] | null {
    if (!this.getProject()) return null;
    const now = Date.now();
    return this.#documents
      .list("drill")
      .filter((row) => (nextDrill(row) ?? Number.POSITIVE_INFINITY) <= now)
      .map(({ environment }) => environment);
  }

  budget(): BudgetView | null {
    if (!this.getProject()) return null;
    const month = monthOf(Date.now());
    const { evaluations: used, environments } = this.#counters.month(month);
    const budget = this.#documents.get("budget", "", BUDGET)?.body ?? null;
    const { evaluationsPerMonth = null, warnAt = null } = budget ?? {};
    return { month, used, environments, evaluationsPerMonth, warnAt, state: budgetState(used, budget) };
  }

  /** Once a month, when the use has passed the share that was set. In the transaction of the report that passed it. */
  #watchBudget(now: number): void {
    const budget = this.#documents.get("budget", "", BUDGET)?.body;
    const month = monthOf(now);
    if (!budget || budget.warnedMonth === month) return;
    const { evaluations } = this.#counters.month(month);
    if (budgetState(evaluations, budget) === "within") return;
    const share = Math.floor((evaluations / budget.evaluationsPerMonth) * 100);
    const actor = { type: "system", id: "budget", name: "The budget", role: "engineer" } as const;
    const comment = `${share} % of the budget of ${month} is used`;
    const asked = { id: `budget/${month}/${crypto.randomUUID()}`, project: this.#project, actor, comment };
    this.#transact({ ...asked, command: { type: "warnBudget", month } });
  }

  listEnvironments() {
    return this.getProject() && environmentViews(this.#documents);
  }

  listSchedules(environment: string, flag?: string) {
    return this.#ready && this.#documents.get("environment", "", environment)
      ? scheduleViews(this.#documents, environment, flag)
      : null;
  }

  getGuard(environment: string, flag: string) {
    const row = this.#ready ? this.#documents.get("guard", environment, flag) : null;
    return row && guardView(row);
  }

  getPlan(environment: string, flag: string) {
    return this.#ready ? planViewOf(this.#documents, environment, flag, Date.now()) : null;
  }

  /** @param flag only this one's, if it has any; null (what a stub makes of undefined): every one */
  listPlans(environment: string, flag: string | null = null) {
    if (!this.#ready || !this.#documents.get("environment", "", environment)) return null;
    const now = Date.now();
    if (flag !== null) return [planViewOf(this.#documents, environment, flag, now)].filter((view) => view !== null);
    return this.#documents.list("plan", environment).map((row) => planView(this.#documents, row, now));
  }

  listPlanTemplates() {
    return this.getProject() && planTemplateViews(this.#documents);
  }

  listFreezes(environment: string) {
    return this.#ready && this.#documents.get("environment", "", environment)
      ? freezeViews(this.#documents, environment)
      : null;
  }

  listTests(environment: string): TestView[] | null {
    return this.#ready && this.#documents.get("environment", "", environment)
      ? testViews(this.#documents, environment)
      : null;
  }

  getTest(environment: string, flag: string): TestView | null {
    return this.#ready ? testViewOf(this.#documents, environment, flag) : null;
  }

  /** Signs synthetic traffic of an environment. */
  syntheticKey(environment: string): { key: string } | null {
    if (!this.#ready || !this.#documents.get("environment", "", environment)) return null;
    return { key: syntheticKey(this.#meta("seal_key") ?? "", environment) };
  }

  audit(after: number, limit: number): AuditRow[] | null {
    return this.#ready ? this.#audit.page(after, Math.min(limit, LIMITS.auditPageRows)) : null;
  }

  /** Newest first. */
  searchAudit(search: AuditSearch): AuditRow[] | null {
    return this.#ready ? this.#audit.search(search) : null;
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

/** What tells a command sent again from another one: not what every attempt draws anew, a key's secret or an upload's name. */
function asAsked(command: Command): unknown {
  if (command.type === "createKey" || command.type === "createTrigger")
    return { ...command, id: "", hash: "", hint: "" };
  if (command.type === "createWebhook") return { ...command, id: "", salt: "" };
  if (command.type === "rotateWebhook") return { ...command, salt: "" };
  return command.type === "putList" ? { ...command, upload: "" } : command;
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
  | "getList"
  | "beginList"
  | "addToList"
  | "listShard"
  | "listDefinitions"
  | "listEnvironments"
  | "listSchedules"
  | "getGuard"
  | "getPlan"
  | "listPlans"
  | "listPlanTemplates"
  | "listFreezes"
  | "listTests"
  | "getTest"
  | "syntheticKey"
  | "listKeys"
  | "listTriggers"
  | "listDeployments"
  | "dora"
  | "drill"
  | "drillsDue"
  | "budget"
  | "debt"
  | "listWebhooks"
  | "webhookSecret"
  | "callTrigger"
  | "audit"
  | "searchAudit"
  | "exportProject"
  | "pointer"
  | "snapshot"
  | "draft"
  | "propagation"
  | "noteUsage"
  | "metrics"
  | "usage"
  | "backupPage"
  | "restorePart"
>;
