import { dora } from "../../../shared/delivery/dora.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { AuditRow, ExportDocument } from "../../../shared/schema/admin.ts";
import type { BackupPage } from "../../../shared/schema/backup.ts";
import type { DeploymentView, Dora } from "../../../shared/schema/delivery.ts";
import type { DrillView } from "../../../shared/schema/drill.ts";
import type { DebtView } from "../../../shared/schema/flag-debt.ts";
import { storedKeyName, storedSlug } from "../../../shared/schema/names.ts";
import { type BudgetView, budgetState } from "../../../shared/schema/quota.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import type { TestView } from "../../../shared/schema/test-admin.ts";
import type { UsageView } from "../../../shared/schema/usage.ts";
import type { WebhookView } from "../../../shared/schema/webhook.ts";
import { BUDGET } from "../../admin/budget/entity.ts";
import { freezeViews } from "../../admin/freezes/view.ts";
import { planTemplateViews } from "../../admin/plan-templates/view.ts";
import { syntheticKey } from "../../crypto/synthetic.ts";
import type { Env } from "../../env.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { courier, testLedger } from "../stubs.ts";
import { type LedgerPlace, readLedgerPage } from "../test-ledger/ledger-backup.ts";
import { AuditLog, type AuditPage, type AuditSearch } from "./audit.ts";
import { readBackupPage } from "./backup.ts";
import { buildSnapshot } from "./build-snapshot.ts";
import { debtOf } from "./debt-facts.ts";
import { drillViewOf, nextDrill } from "./decide/drill.ts";
import { activeKills } from "./decide/kill.ts";
import { roleOfPurpose } from "./decide/rights.ts";
import { DeliveryLog } from "./delivery-log.ts";
import { Documents } from "./documents.ts";
import { exportProject } from "./export-project.ts";
import type { StoreMetrics } from "./methods.ts";
import { Notices } from "./notices.ts";
import { PropagationLog } from "./propagation-log.ts";
import { Publications } from "./publications.ts";
import { SegmentLists } from "./segment-lists.ts";
import { StoreMeta } from "./store-meta.ts";
import { TriggerCalls } from "./trigger-calls.ts";
import { monthOf, UsageCounters } from "./usage-counters.ts";
import { UsageLog } from "./usage-log.ts";
import {
  definitionViewOf,
  deploymentView,
  environmentViews,
  flagViewOf,
  flagViews,
  guardView,
  keyViews,
  listViewOf,
  planView,
  planViewOf,
  projectViewOf,
  scheduleViews,
  stateViewOf,
  testViewOf,
  testViews,
  triggerView,
  webhookView,
} from "./views.ts";

/**
 * What can be read of a project: views of its documents and logs, none of which writes. Null: there is no such thing.
 * `FlagStore` adds everything that writes.
 */
export abstract class ProjectReader extends DurableBase {
  protected readonly env: Env;
  protected readonly meta: StoreMeta;
  protected readonly documents: Documents;
  protected readonly auditLog: AuditLog;
  protected readonly publications: Publications;
  protected readonly propagationLog: PropagationLog;
  protected readonly usageLog: UsageLog;
  protected readonly counters: UsageCounters;
  protected readonly lists: SegmentLists;
  protected readonly delivery: DeliveryLog;
  protected readonly triggerCalls: TriggerCalls;
  protected readonly notices: Notices;
  /** Whether the tables are there. */
  protected ready = false;
  readonly #sql: SqlStorage;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    const { sql } = state.storage;
    this.env = env;
    this.#sql = sql;
    this.meta = new StoreMeta(sql);
    this.documents = new Documents(sql);
    this.auditLog = new AuditLog(sql);
    this.publications = new Publications(sql);
    this.propagationLog = new PropagationLog(sql);
    this.usageLog = new UsageLog(sql);
    this.counters = new UsageCounters(sql);
    this.lists = new SegmentLists(sql);
    this.delivery = new DeliveryLog(sql);
    this.triggerCalls = new TriggerCalls(sql);
    this.notices = new Notices(sql);
  }

  /** What has been read of documents, and searched in the history, so far. */
  protected get charsRead(): number {
    return this.documents.charsRead + this.auditLog.bytesSearched;
  }

  getProject() {
    return this.ready
      ? projectViewOf(this.documents, this.meta.project, this.auditLog.latestRevision, this.meta.epoch)
      : null;
  }

  listEnvironments() {
    return this.getProject() && environmentViews(this.documents);
  }

  listFlags(archived: boolean) {
    return this.getProject() && flagViews(this.documents, archived);
  }

  getFlag(flag: string) {
    return this.ready ? flagViewOf(this.documents, flag) : null;
  }

  getState(environment: string, flag: string) {
    return this.ready ? stateViewOf(this.documents, environment, flag) : null;
  }

  getDefinition(entity: "segment" | "layer" | "holdout", key: string) {
    return this.ready ? definitionViewOf(this.documents, entity, key) : null;
  }

  listDefinitions(entity: "segment" | "layer" | "holdout") {
    if (!this.getProject()) return null;
    return this.documents
      .list<"segment" | "layer" | "holdout">(entity)
      .map(({ key }) => definitionViewOf(this.documents, entity, key));
  }

  listKeys(environment: string) {
    if (!this.ready || !this.documents.get("environment", "", environment)) return null;
    const uses = this.counters.byKey(environment);
    return keyViews(this.documents, environment).map((key) => ({
      ...key,
      ...(uses.get(key.id) ?? { asked: 0, limited: 0 }),
    }));
  }

  getList(segment: string) {
    return this.ready ? listViewOf(this.documents, segment) : null;
  }

  /** The bytes of a shard as base64, for edges that KV fails. */
  listShard(segment: string, shard: number, version: string): string | null {
    return this.ready ? this.lists.base64(segment, shard, version) : null;
  }

  listSchedules(environment: string, flag?: string) {
    return this.ready && this.documents.get("environment", "", environment)
      ? scheduleViews(this.documents, environment, flag)
      : null;
  }

  getGuard(environment: string, flag: string) {
    const row = this.ready ? this.documents.get("guard", environment, flag) : null;
    return row && guardView(row);
  }

  /**
   * Flags that have, or may have had, something watched: with a guard or a plan.
   *
   * @param flag only this one, if it exists; null: every one
   */
  listGuards(environment: string, flag: string | null = null) {
    if (!this.ready || !this.documents.get("environment", "", environment)) return null;
    const named = (entity: "guard" | "plan") => this.documents.list(entity, environment).map(({ key }) => key);
    const flags = new Set(flag === null ? [...named("guard"), ...named("plan")].sort() : [flag]);
    return [...flags]
      .filter((one) => this.documents.get("flag", "", one))
      .map((one) => ({ flag: one, guard: this.getGuard(environment, one) }));
  }

  getPlan(environment: string, flag: string) {
    return this.ready ? planViewOf(this.documents, environment, flag, Date.now()) : null;
  }

  /** @param flag only this one's, if it has any; null (what a stub makes of undefined): every one */
  listPlans(environment: string, flag: string | null = null) {
    if (!this.ready || !this.documents.get("environment", "", environment)) return null;
    const now = Date.now();
    if (flag !== null) return [planViewOf(this.documents, environment, flag, now)].filter((view) => view !== null);
    return this.documents.list("plan", environment).map((row) => planView(this.documents, row, now));
  }

  listPlanTemplates() {
    return this.getProject() && planTemplateViews(this.documents);
  }

  listFreezes(environment: string) {
    return this.ready && this.documents.get("environment", "", environment)
      ? freezeViews(this.documents, environment)
      : null;
  }

  listTests(environment: string): TestView[] | null {
    return this.ready && this.documents.get("environment", "", environment)
      ? testViews(this.documents, environment)
      : null;
  }

  getTest(environment: string, flag: string): TestView | null {
    return this.ready ? testViewOf(this.documents, environment, flag) : null;
  }

  /** Signs synthetic traffic of an environment. */
  syntheticKey(environment: string): { key: string } | null {
    if (!this.ready || !this.documents.get("environment", "", environment)) return null;
    return { key: syntheticKey(this.meta.sealKey ?? "", environment) };
  }

  listTriggers(environment: string, flag: string) {
    if (!this.ready || !this.documents.get("environment", "", environment)) return null;
    return this.documents
      .list("trigger", environment)
      .filter((row) => row.body.flag === flag)
      .map((row) => triggerView(row, this.triggerCalls.recent(row.key, LIMITS.triggerCallsKept)));
  }

  /** As an edge of an earlier version asks: it finds no way to what lies beyond a page that is cut. */
  audit(after: number, limit: number): AuditRow[] | null {
    return this.auditPage(after, limit)?.rows ?? null;
  }

  auditPage(after: number, limit: number): AuditPage | null {
    return this.ready ? this.auditLog.page(after, Math.min(limit, LIMITS.auditPageRows)) : null;
  }

  searchAudit(search: AuditSearch): AuditRow[] | null {
    return this.searchAuditPage(search)?.rows ?? null;
  }

  /** Newest first. */
  searchAuditPage(search: AuditSearch): AuditPage | null {
    return this.ready ? this.auditLog.search(search) : null;
  }

  exportProject(): ExportDocument | null {
    if (!this.getProject()) return null;
    return exportProject(this.documents, this.meta.project, this.auditLog.latestRevision, Date.now());
  }

  /** The bytes of a published snapshot, for edges that KV fails. */
  snapshot(environment: string, hash: string): string | null {
    if (!this.ready) return null;
    const published = this.publications.published(environment).find((one) => one.hash === hash);
    return published ? this.publications.body(published.kvKey) : null;
  }

  /** An environment as it stands now, published or not: for the playground. Without the project's own secret. */
  draft(environment: string): Snapshot | null {
    if (!this.ready || !this.documents.get("environment", "", environment)) return null;
    const { sealKey: _, ...open } = this.snapshotNow(environment);
    return open;
  }

  /** As edges get it, secret included. */
  protected snapshotNow(environment: string): Snapshot {
    const { project, epoch, sealKey } = this.meta;
    const identity = { project, environment, epoch, revision: this.auditLog.latestRevision, sealKey };
    return buildSnapshot(this.documents, identity, (salt) => this.meta.listKey(salt));
  }

  propagation(environment: string) {
    return this.ready && this.documents.get("environment", "", environment)
      ? { changes: this.propagationLog.recent(environment), centres: this.propagationLog.centres() }
      : null;
  }

  usage(environment: string): UsageView | null {
    return this.ready && this.documents.get("environment", "", environment) ? this.usageLog.view(environment) : null;
  }

  async listWebhooks(): Promise<WebhookView[] | null> {
    if (!this.getProject()) return null;
    const rows = this.documents.list("webhook");
    const counts = rows.length === 0 ? [] : await courier(this.env, this.meta.slug).counts();
    return rows.map((row) => webhookView(row, counts.find(({ webhook }) => webhook === row.key) ?? null));
  }

  listDeployments(environment: string | null): DeploymentView[] | null {
    if (!this.getProject()) return null;
    return this.documents
      .list("deployment", environment ?? undefined)
      .map(deploymentView)
      .sort((a, b) => Date.parse(b.finishedAt) - Date.parse(a.finishedAt))
      .slice(0, LIMITS.deploymentsShown);
  }

  /**
   * The four figures of an environment (production, or else the last one, unless named) over a window. They tell of what
   * engineers deliver: flags that others may change alone, the tests of demand, are neither releases nor incidents.
   */
  dora(named: string | null, window: { from: number; to: number }): Dora | null {
    const environment = this.#usualEnvironment(named);
    if (environment === null) return null;
    const deployments = this.documents.list("deployment", environment).map(({ body }) => ({
      status: body.status,
      at: Date.parse(body.finishedAt),
      committedAt: body.committedAt === undefined ? null : Date.parse(body.committedAt),
    }));
    const delivered = new Map<string, boolean>();
    const isDelivered = (flag: string): boolean => {
      const purpose = this.documents.get("flag", "", flag)?.body.purpose;
      return purpose === undefined || roleOfPurpose(purpose) === "engineer";
    };
    const events = this.delivery.events(environment, window.from).filter(({ flag }) => {
      if (!delivered.has(flag)) delivered.set(flag, isDelivered(flag));
      return delivered.get(flag);
    });
    return dora(environment, deployments, events, window);
  }

  /** Flags that code could do without, judged by an environment: production, or else the last one, unless named. */
  debt(named: string | null, days: number): DebtView | null {
    const environment = this.#usualEnvironment(named);
    if (environment === null) return null;
    const flags = debtOf(this.documents, environment, this.usageLog.view(environment), days, Date.now());
    return { days, environment, flags };
  }

  #usualEnvironment(named: string | null): string | null {
    const environments = this.ready ? environmentViews(this.documents).map(({ key }) => key) : [];
    if (named !== null) return environments.find((key) => key === named) ?? null;
    return environments.find((key) => key === "production") ?? environments.at(-1) ?? null;
  }

  drill(environment: string): DrillView | null {
    if (!this.ready || !this.documents.get("environment", "", environment)) return null;
    return drillViewOf(this.documents, environment);
  }

  /** Environments whose stop button is to be tried now. */
  drillsDue(): string[] | null {
    if (!this.getProject()) return null;
    const now = Date.now();
    return this.documents
      .list("drill")
      .filter((row) => (nextDrill(row) ?? Number.POSITIVE_INFINITY) <= now)
      .map(({ environment }) => environment);
  }

  budget(): BudgetView | null {
    if (!this.getProject()) return null;
    const month = monthOf(Date.now());
    const { evaluations: used, environments } = this.counters.month(month);
    const budget = this.documents.get("budget", "", BUDGET)?.body ?? null;
    const { evaluationsPerMonth = null, warnAt = null } = budget ?? {};
    return { month, used, environments, evaluationsPerMonth, warnAt, state: budgetState(used, budget) };
  }

  /** What a scrape shows of this project. */
  metrics(): StoreMetrics | null {
    if (!this.getProject()) return null;
    const counters = this.counters.totals();
    const environments = this.documents.list("environment").map(({ key }) => [
      key,
      {
        kills: activeKills(this.documents, key).length,
        counters: Object.fromEntries([...(counters.get(key) ?? [])].filter(([name]) => !name.startsWith("key."))),
        propagation: this.propagationLog.afterMs(key),
      },
    ]);
    return {
      revision: this.auditLog.latestRevision,
      flags: this.documents.list("flag").filter(({ body }) => !body.archivedAt).length,
      publicationsWaiting: this.publications.pending().length,
      noticesWaiting: this.notices.count,
      staleServed: this.propagationLog.centres().reduce((sum, { staleServed }) => sum + staleServed, 0),
      environments: Object.fromEntries(environments),
    };
  }

  async backupPage(cursor: string | null): Promise<BackupPage | null> {
    if (!this.getProject()) return null;
    const { project, slug, epoch } = this.meta;
    const revision = this.auditLog.latestRevision;
    if (cursor?.startsWith("ledger:")) {
      const read = ({ environment, flag }: LedgerPlace, from: string | null) =>
        testLedger(this.env, slug, storedSlug(environment), storedKeyName(flag)).backupPage(from);
      return { revision, ...(await readLedgerPage(this.ledgers(), cursor, read)) };
    }
    const identity = { project, epoch, revision, takenAt: new Date().toISOString() };
    return readBackupPage(this.#sql, identity, this.delivery.confirmations(), cursor);
  }

  /** Fake doors, each of which has a ledger. */
  protected ledgers(): LedgerPlace[] {
    return this.documents
      .list("test")
      .filter(({ body }) => body.settings.kind === "fake-door")
      .map(({ environment, key: flag }) => ({ environment, flag }));
  }
}
