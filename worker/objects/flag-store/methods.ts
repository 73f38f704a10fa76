import type { CentreServed } from "../../../shared/delivery/first-served.ts";
import type { BlindWatch } from "../../../shared/resilience/facts.ts";
import type { Actor, AuditRow, ExportDocument } from "../../../shared/schema/admin.ts";
import type { BackupPage, BackupRow } from "../../../shared/schema/backup.ts";
import type { DeploymentView, Dora } from "../../../shared/schema/delivery.ts";
import type { DrillView } from "../../../shared/schema/drill.ts";
import type { DebtView } from "../../../shared/schema/flag-debt.ts";
import type { GuardView } from "../../../shared/schema/guard.ts";
import type { PlanView } from "../../../shared/schema/plan.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import type { ServedReport } from "../../../shared/schema/propagation.ts";
import type { BudgetView } from "../../../shared/schema/quota.ts";
import type { IncidentPage, Resilience } from "../../../shared/schema/resilience.ts";
import type { ListView } from "../../../shared/schema/segment.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import type { TestView } from "../../../shared/schema/test-admin.ts";
import type { CallOutcome, Signal, TriggerView } from "../../../shared/schema/trigger.ts";
import type { UsageReport, UsageView } from "../../../shared/schema/usage.ts";
import type { WebhookView } from "../../../shared/schema/webhook.ts";
import type { flagViewOf, flagViews, stateViewOf } from "../../admin/flags/view.ts";
import type { keyViews } from "../../admin/keys/view.ts";
import type { environmentViews, projectViewOf } from "../../admin/projects/view.ts";
import type { scheduleViews } from "../../admin/schedules/view.ts";
import type { signingKeyViews } from "../../admin/signing-keys/view.ts";
import type { Result } from "../../result.ts";
import type { PropagationFigures } from "../propagation-reports/methods.ts";
import type { RelayAsk } from "../relay/methods.ts";
import type { AuditPage, AuditSearch } from "./audit.ts";
import type { Envelope } from "./commands.ts";
import type { Change } from "./entities.ts";
import type { PropagationLog } from "./propagation-log.ts";
import type { Readable, Shown } from "./resources.ts";

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

/** What a project's store tells of itself, for a scrape. */
export interface StoreMetrics {
  revision: number;
  flags: number;
  /** Environments whose edges must still learn of something. */
  publicationsWaiting: number;
  /** Messages that the courier does not have yet. */
  noticesWaiting: number;
  /** Answers from knowledge older than a second, all data centres together. */
  staleServed: number;
  environments: Record<
    string,
    {
      kills: number;
      /** Sums over all isolates, by the names of shared/schema/usage.ts. */
      counters: Record<string, number>;
      /** Ms from commit to first served, of the changes that are kept; null: none was served yet. */
      propagation: { median: number; max: number } | null;
    }
  >;
}

type DefinitionEntity = "segment" | "layer" | "holdout";
type Of<View extends (...parameters: never[]) => unknown> = ReturnType<View>;

/**
 * What a Worker may ask of a project's store, over JSON. Edges of an older version call a store of a newer one: a method
 * stays, and takes and answers what it did; parameters are added at the end and may be left out. A read answers null
 * when there is no such thing.
 */
export interface FlagStoreMethods {
  execute(sent: Envelope): Promise<Result<Reply>>;

  /** Documents of an entity that its resource `shows`, in key order. `environment` is for entities of one. */
  listDocuments<E extends Readable>(entity: E, environment?: string | null): Shown<E>[] | null;
  getDocument<E extends Readable>(entity: E, key: string, environment?: string | null): Shown<E> | null;

  getProject(): Of<typeof projectViewOf> | null;
  listEnvironments(): Of<typeof environmentViews> | null;
  listFlags(archived: boolean): Of<typeof flagViews> | null;
  getFlag(flag: string): Of<typeof flagViewOf>;
  getState(environment: string, flag: string): Of<typeof stateViewOf>;
  getDefinition(entity: DefinitionEntity, key: string): Shown<DefinitionEntity> | null;
  listDefinitions(entity: DefinitionEntity): Shown<DefinitionEntity>[] | null;
  listKeys(environment: string): (Of<typeof keyViews>[number] & { asked: number; limited: number })[] | null;
  listSchedules(environment: string, flag?: string): Of<typeof scheduleViews> | null;
  getGuard(environment: string, flag: string): GuardView | null;
  listGuards(environment: string, flag?: string | null): { flag: string; guard: GuardView | null }[] | null;
  getPlan(environment: string, flag: string): PlanView | null;
  listPlans(environment: string, flag?: string | null): PlanView[] | null;
  listPlanTemplates(): Shown<"planTemplate">[] | null;
  listFreezes(environment: string): Shown<"freeze">[] | null;
  listSigningKeys(environment: string): Of<typeof signingKeyViews> | null;
  listTests(environment: string): TestView[] | null;
  getTest(environment: string, flag: string): TestView | null;
  listTriggers(environment: string, flag: string): TriggerView[] | null;
  listWebhooks(): Promise<WebhookView[] | null>;
  listDeployments(environment: string | null): DeploymentView[] | null;
  /** Figures are what data centres have reported, which lies in an object of its own. */
  dora(named: string | null, window: { from: number; to: number }, figures?: PropagationFigures): Dora | null;
  confirmServed(served: readonly CentreServed[]): void;
  debt(named: string | null, days: number): DebtView | null;
  /** @param blind guards that see nothing, which the environment's guard knows */
  resilience(environment: string, blind: BlindWatch[]): Resilience | null;
  /** @param flag which, where the change took back several; null: the first */
  incident(environment: string, revision: number, flag?: string | null): IncidentPage | null;
  drill(environment: string): DrillView | null;
  drillsDue(): string[] | null;
  budget(): BudgetView | null;
  usage(environment: string): UsageView | null;
  metrics(figures?: PropagationFigures): StoreMetrics | null;
  propagation(
    environment: string,
    figures?: PropagationFigures,
  ): { changes: Of<PropagationLog["recent"]>; centres: Of<PropagationLog["centres"]> } | null;
  audit(after: number, limit: number): AuditRow[] | null;
  searchAudit(search: AuditSearch): AuditRow[] | null;
  /** Pages of at most a megabyte, with the way to the next one. */
  auditPage(after: number, limit: number, whole?: boolean): AuditPage | null;
  searchAuditPage(search: AuditSearch, whole?: boolean): AuditPage | null;
  hasPredecessor(): boolean;
  exportProject(): ExportDocument | null;
  draft(environment: string): Snapshot | null;

  /** Secrets: `webhookSecret` and `signingSecret` for the route that has just made what they belong to, `syntheticKey` for the program that signs synthetic traffic. */
  syntheticKey(environment: string): { key: string } | null;
  webhookSecret(salt: string): string | null;
  signingSecret(environment: string, id: string): { secret: string } | null;

  getList(segment: string): ListView | null;
  beginList(segment: string): Result<{ upload: string; key: string }>;
  addToList(upload: string, parts: { shard: number; hashes: string }[]): boolean;

  knowsTrigger(environment: string, id: string, hash: string): boolean;
  callTrigger(environment: string, id: string, hash: string, sent: Signal): Promise<TriggerAnswer | null>;

  /** What edges ask: the pointer about every second, snapshots, blocks and shards only when KV fails them. */
  pointer(report?: ServedReport, relay?: RelayAsk): Pointer | null;
  snapshot(environment: string, hash: string): string | null;
  block(environment: string, hash: string): string | null;
  listShard(segment: string, shard: number, version: string): string | null;
  /** Of these keys those that may follow changes, with their ends (epoch ms; null: none). Null: no such environment. */
  keysInForce(environment: string, ids: string[]): Record<string, number | null> | null;
  /** Answers when this edge should report again; stores of before this version answer null. */
  noteUsage(environment: string, report: UsageReport): { everyMs: number } | null;

  backupPage(cursor: string | null): Promise<BackupPage | null>;
  restorePart(
    project: string,
    sent: { part: number; rows: BackupRow[]; last: boolean; replace: boolean },
    actor: Actor,
  ): Promise<Result<{ revision: number; epoch: number; done: boolean }>>;
}
