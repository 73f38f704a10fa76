import { joinBlocks } from "../../../shared/blocks/block.ts";
import { mayFollowChanges } from "../../../shared/changes/follow.ts";
import { LIMITS, WHOLE_READER } from "../../../shared/limits.ts";
import type { BlindWatch } from "../../../shared/resilience/facts.ts";
import type { AuditRow, ExportDocument } from "../../../shared/schema/admin.ts";
import type { BackupPage } from "../../../shared/schema/backup.ts";
import type { DeploymentView, Dora } from "../../../shared/schema/delivery.ts";
import type { DrillView } from "../../../shared/schema/drill.ts";
import type { DebtView } from "../../../shared/schema/flag-debt.ts";
import { storedKeyName, storedSlug } from "../../../shared/schema/names.ts";
import type { BudgetView } from "../../../shared/schema/quota.ts";
import type { IncidentPage, Resilience } from "../../../shared/schema/resilience.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import type { TestView } from "../../../shared/schema/test-admin.ts";
import type { UsageView } from "../../../shared/schema/usage.ts";
import type { WebhookView } from "../../../shared/schema/webhook.ts";
import { drillViewOf, nextDrill } from "../../admin/drills/view.ts";
import { flagViewOf, flagViews, stateViewOf } from "../../admin/flags/view.ts";
import { guardViewOf } from "../../admin/guards/view.ts";
import { keyViews } from "../../admin/keys/view.ts";
import { planView, planViewOf } from "../../admin/plans/view.ts";
import { environmentViews, projectViewOf } from "../../admin/projects/view.ts";
import { scheduleViews } from "../../admin/schedules/view.ts";
import { listViewOf } from "../../admin/segment-lists/view.ts";
import { signingKeyViews } from "../../admin/signing-keys/view.ts";
import { testViewOf, testViews } from "../../admin/tests/view.ts";
import { triggerView } from "../../admin/triggers/view.ts";
import { webhookView } from "../../admin/webhooks/view.ts";
import { signingSecret } from "../../crypto/signing-secret.ts";
import { syntheticKey } from "../../crypto/synthetic.ts";
import type { Env } from "../../env.ts";
import { blockKey } from "../../kv/snapshot-store.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { NO_FIGURES } from "../propagation-reports/methods.ts";
import { courier, testLedger } from "../stubs.ts";
import { type LedgerPlace, readLedgerPage } from "../test-ledger/ledger-backup.ts";
import type { AuditPage, AuditSearch } from "./audit.ts";
import { snapshotHead } from "./build-snapshot.ts";
import { ENTITY_DEFINITIONS, type Entity } from "./entities.ts";
import { exportProject } from "./export-project.ts";
import type { StoreMetrics } from "./methods.ts";
import { budgetFigures, debtFigures, doraFigures, metricFigures, recentDeployments } from "./project-figures.ts";
import { ProjectTables } from "./project-tables.ts";
import { Renderer } from "./rendering/renderer.ts";
import { incidentPage } from "./resilience/incident-page.ts";
import { resilienceOf } from "./resilience/resilience.ts";
import { type Readable, type Shown, showOf } from "./resources.ts";
import { readBackupPage } from "./restore/read-backup-page.ts";

/** Lists and drafts of more flags are made anew for each who asks: memory is short. */
const KEPT_FLAGS = 3_000;

/**
 * What can be read of a project: views of its documents and logs, none of which writes. Null: there is no such thing.
 * `FlagStore` adds everything that writes.
 */
export abstract class ProjectReader extends DurableBase {
  protected readonly env: Env;
  protected readonly tables: ProjectTables;
  /** Whether the tables are there. */
  protected ready = false;
  /** As last made: several people ask for them at once, and again after each larger change. */
  #listed: { mark: string; flags: ReturnType<typeof flagViews> } | null = null;
  #drafted: { mark: string; draft: Snapshot } | null = null;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.env = env;
    this.tables = new ProjectTables(state.storage.sql);
  }

  getProject() {
    return this.ready
      ? projectViewOf(
          this.tables.documents,
          this.tables.meta.project,
          this.tables.auditLog.latestRevision,
          this.tables.meta.epoch,
        )
      : null;
  }

  listEnvironments() {
    return this.getProject() && environmentViews(this.tables.documents);
  }

  listFlags(archived: boolean) {
    if (!this.getProject()) return null;
    const mark = this.#mark(String(archived));
    if (this.#listed?.mark === mark) return this.#listed.flags;
    const flags = flagViews(this.tables.documents, archived);
    this.#listed = flags.length > KEPT_FLAGS ? null : { mark, flags };
    return flags;
  }

  getFlag(flag: string) {
    return this.ready ? flagViewOf(this.tables.documents, flag) : null;
  }

  getState(environment: string, flag: string) {
    return this.ready ? stateViewOf(this.tables.documents, environment, flag) : null;
  }

  /**
   * Documents of an entity that its resource `shows`, in key order.
   *
   * @param environment for entities of one; null (what a stub makes of undefined) for those of the project
   */
  listDocuments<E extends Readable>(entity: E, environment: string | null = null): Shown<E>[] | null {
    const show = this.#showIn(entity, environment);
    const { documents } = this.tables;
    return show && documents.list<Entity>(entity, environment ?? "").map((row) => show(row, documents) as Shown<E>);
  }

  getDocument<E extends Readable>(entity: E, key: string, environment: string | null = null): Shown<E> | null {
    const show = this.#showIn(entity, environment);
    const { documents } = this.tables;
    const row = show && documents.get<Entity>(entity, environment ?? "", key);
    return row && (show(row, documents) as Shown<E>);
  }

  /** What shows an entity's documents; null where there are none to show: nobody's environment, a name of no entity. */
  #showIn(entity: string, environment: string | null) {
    const show = showOf(entity);
    if (!show || !this.ready) return null;
    const isThere =
      ENTITY_DEFINITIONS[entity as Entity].scope === "project"
        ? environment === null && this.tables.hasProject()
        : environment !== null && this.#hasEnvironment(environment);
    return isThere ? show : null;
  }

  getDefinition(entity: "segment" | "layer" | "holdout", key: string) {
    return this.getDocument(entity, key);
  }

  listDefinitions(entity: "segment" | "layer" | "holdout") {
    return this.listDocuments(entity);
  }

  listKeys(environment: string) {
    if (!this.#hasEnvironment(environment)) return null;
    const uses = this.tables.counters.byKey(environment);
    return keyViews(this.tables.documents, environment).map((key) => ({
      ...key,
      ...(uses.get(key.id) ?? { asked: 0, limited: 0, lastUsedAt: null }),
    }));
  }

  getList(segment: string) {
    return this.ready ? listViewOf(this.tables.documents, segment) : null;
  }

  /** The bytes of a shard as base64, for edges that KV fails. */
  listShard(segment: string, shard: number, version: string): string | null {
    return this.ready ? this.tables.lists.base64(segment, shard, version) : null;
  }

  listSchedules(environment: string, flag?: string) {
    return this.#hasEnvironment(environment) ? scheduleViews(this.tables.documents, environment, flag) : null;
  }

  getGuard(environment: string, flag: string) {
    return this.ready ? guardViewOf(this.tables.documents, environment, flag) : null;
  }

  /**
   * Flags that have, or may have had, something watched: with a guard or a plan.
   *
   * @param flag only this one, if it exists; null: every one
   */
  listGuards(environment: string, flag: string | null = null) {
    if (!this.#hasEnvironment(environment)) return null;
    const named = (entity: "guard" | "plan") => this.tables.documents.list(entity, environment).map(({ key }) => key);
    const flags = new Set(flag === null ? [...named("guard"), ...named("plan")].sort() : [flag]);
    return [...flags]
      .filter((one) => this.tables.documents.get("flag", "", one))
      .map((one) => ({ flag: one, guard: this.getGuard(environment, one) }));
  }

  getPlan(environment: string, flag: string) {
    return this.ready ? planViewOf(this.tables.documents, environment, flag, Date.now()) : null;
  }

  /** @param flag only this one's, if it has any; null (what a stub makes of undefined): every one */
  listPlans(environment: string, flag: string | null = null) {
    if (!this.#hasEnvironment(environment)) return null;
    const now = Date.now();
    if (flag !== null)
      return [planViewOf(this.tables.documents, environment, flag, now)].filter((view) => view !== null);
    return this.tables.documents.list("plan", environment).map((row) => planView(this.tables.documents, row, now));
  }

  listPlanTemplates() {
    return this.listDocuments("planTemplate");
  }

  listFreezes(environment: string) {
    return this.listDocuments("freeze", environment);
  }

  listSigningKeys(environment: string) {
    return this.#hasEnvironment(environment) ? signingKeyViews(this.tables.documents, environment) : null;
  }

  /** Signs contexts: for the route that has just made the key. */
  signingSecret(environment: string, id: string): { secret: string } | null {
    const { project, sealKey } = this.tables.meta;
    if (!this.ready || sealKey === undefined || !this.tables.documents.get("signingKey", environment, id)) return null;
    return { secret: signingSecret({ project, environment, sealKey }, id) };
  }

  listTests(environment: string): TestView[] | null {
    return this.#hasEnvironment(environment) ? testViews(this.tables.documents, environment) : null;
  }

  getTest(environment: string, flag: string): TestView | null {
    return this.ready ? testViewOf(this.tables.documents, environment, flag) : null;
  }

  /** Signs synthetic traffic of an environment. */
  syntheticKey(environment: string): { key: string } | null {
    if (!this.#hasEnvironment(environment)) return null;
    return { key: syntheticKey(this.tables.meta.sealKey ?? "", environment) };
  }

  listTriggers(environment: string, flag: string) {
    if (!this.#hasEnvironment(environment)) return null;
    return this.tables.documents
      .list("trigger", environment)
      .filter((row) => row.body.flag === flag)
      .map((row) => triggerView(row, this.tables.triggerCalls.recent(row.key, LIMITS.triggerCallsKept)));
  }

  /** As an edge of an earlier version asks: it finds no way to what lies beyond a page that is cut. */
  audit(after: number, limit: number): AuditRow[] | null {
    return this.auditPage(after, limit)?.rows ?? null;
  }

  /** @param whole the history of deleted projects of this name, too: for administrators of the installation alone */
  auditPage(after: number, limit: number, whole = false): AuditPage | null {
    if (!this.ready) return null;
    const from = whole ? after : Math.max(after, this.tables.auditLog.predecessorEnd);
    return this.tables.auditLog.page(from, Math.min(limit, LIMITS.auditPageRows));
  }

  /** Whether a project of this name was deleted before: then the history, and backups with it, hold that one's too. */
  hasPredecessor(): boolean {
    return this.ready && this.tables.auditLog.predecessorEnd > 0;
  }

  searchAudit(search: AuditSearch): AuditRow[] | null {
    return this.searchAuditPage(search)?.rows ?? null;
  }

  /** Newest first; `whole` as in `auditPage`. */
  searchAuditPage(search: AuditSearch, whole = false): AuditPage | null {
    return this.ready ? this.tables.auditLog.search(search, whole ? 0 : this.tables.auditLog.predecessorEnd) : null;
  }

  exportProject(): ExportDocument | null {
    if (!this.getProject()) return null;
    return exportProject(
      this.tables.documents,
      this.tables.meta.project,
      this.tables.auditLog.latestRevision,
      Date.now(),
    );
  }

  /** The text that was published under this hash, for edges that KV fails. */
  snapshot(environment: string, hash: string): string | null {
    if (!this.#hasEnvironment(environment)) return null;
    return this.tables.publications.bodyByHash(this.tables.meta.slug, storedSlug(environment), hash);
  }

  /** The text of a block of a published snapshot, for edges that KV fails. */
  block(environment: string, hash: string): string | null {
    if (!this.#hasEnvironment(environment)) return null;
    const { meta, publications } = this.tables;
    return publications.body(blockKey(meta.slug, storedSlug(environment), hash));
  }

  /** An environment as it stands now, published or not: for the playground. Without the project's own secret. */
  draft(environment: string): Snapshot | null {
    if (!this.#hasEnvironment(environment)) return null;
    const mark = this.#mark(environment);
    if (this.#drafted?.mark === mark) return this.#drafted.draft;
    const { sealKey: _, ...draft } = this.#asItStands(environment);
    this.#drafted = Object.keys(draft.flags).length > KEPT_FLAGS ? null : { mark, draft };
    return draft;
  }

  /** Of what is rendered, which was checked as it was made; of the documents while some of it is owed. */
  #asItStands(environment: string): Snapshot {
    const { documents, rendered } = this.tables;
    if (!new Renderer(this.tables).isComplete(environment)) return this.tables.snapshotNow(environment);
    const head = snapshotHead(documents, this.tables.identityOf(environment));
    return joinBlocks({ minReader: WHOLE_READER, ...head, sealKey: head.sealKey }, rendered.documents(environment));
  }

  /** Changes with every change of the project. */
  #mark(of: string): string {
    return `${this.tables.meta.epoch} ${this.tables.auditLog.latestRevision} ${of}`;
  }

  keysInForce(environment: string, ids: string[]): Record<string, number | null> | null {
    if (!this.#hasEnvironment(environment)) return null;
    const rows = ids.map((id) => this.tables.documents.get("key", environment, id)).filter((row) => row !== null);
    const following = rows.filter(({ body }) => mayFollowChanges(body));
    return Object.fromEntries(
      following.map(({ key, body }) => [key, body.expiresAt === undefined ? null : Date.parse(body.expiresAt)]),
    );
  }

  propagation(environment: string, figures = NO_FIGURES) {
    if (!this.#hasEnvironment(environment)) return null;
    const { meta, propagationLog } = this.tables;
    return {
      changes: propagationLog.recent(environment, meta.epoch, figures),
      centres: propagationLog.centres(figures),
    };
  }

  usage(environment: string): UsageView | null {
    return this.#hasEnvironment(environment) ? this.tables.usageLog.view(environment) : null;
  }

  async listWebhooks(): Promise<WebhookView[] | null> {
    if (!this.getProject()) return null;
    const rows = this.tables.documents.list("webhook");
    const counts = rows.length === 0 ? [] : await courier(this.env, this.tables.meta.slug).counts();
    return rows.map((row) => webhookView(row, counts.find(({ webhook }) => webhook === row.key) ?? null));
  }

  listDeployments(environment: string | null): DeploymentView[] | null {
    return this.getProject() && recentDeployments(this.tables, environment);
  }

  dora(named: string | null, window: { from: number; to: number }): Dora | null {
    return this.ready ? doraFigures(this.tables, named, window) : null;
  }

  debt(named: string | null, days: number): DebtView | null {
    return this.ready ? debtFigures(this.tables, named, days) : null;
  }

  resilience(environment: string, blind: BlindWatch[]): Resilience | null {
    return this.#hasEnvironment(environment) ? resilienceOf(this.tables, environment, blind, Date.now()) : null;
  }

  incident(environment: string, revision: number, flag: string | null = null): IncidentPage | null {
    return this.#hasEnvironment(environment) ? incidentPage(this.tables, environment, revision, flag) : null;
  }

  drill(environment: string): DrillView | null {
    if (!this.#hasEnvironment(environment)) return null;
    return drillViewOf(this.tables.documents, environment);
  }

  /** Environments whose stop button is to be tried now. */
  drillsDue(): string[] | null {
    if (!this.getProject()) return null;
    const now = Date.now();
    return this.tables.documents
      .list("drill")
      .filter((row) => (nextDrill(row) ?? Number.POSITIVE_INFINITY) <= now)
      .map(({ environment }) => environment);
  }

  budget(): BudgetView | null {
    return this.getProject() && budgetFigures(this.tables);
  }

  metrics(figures = NO_FIGURES): StoreMetrics | null {
    return this.getProject() && metricFigures(this.tables, figures);
  }

  async backupPage(cursor: string | null): Promise<BackupPage | null> {
    if (!this.getProject()) return null;
    const { project, slug, epoch } = this.tables.meta;
    const revision = this.tables.auditLog.latestRevision;
    if (cursor?.startsWith("ledger:")) {
      const read = ({ environment, flag }: LedgerPlace, from: string | null) =>
        testLedger(this.env, slug, storedSlug(environment), storedKeyName(flag)).backupPage(from);
      return { revision, ...(await readLedgerPage(this.#ledgers(), cursor, read)) };
    }
    const identity = { project, epoch, revision, takenAt: new Date().toISOString() };
    return readBackupPage(this.tables.sql, identity, this.tables.delivery.confirmations(), cursor);
  }

  /** Fake doors, each of which has a ledger. */
  #ledgers(): LedgerPlace[] {
    return this.tables.documents
      .list("test")
      .filter(({ body }) => body.settings.kind === "fake-door")
      .map(({ environment, key: flag }) => ({ environment, flag }));
  }

  #hasEnvironment(environment: string): boolean {
    return this.ready && this.tables.hasEnvironment(environment);
  }
}
