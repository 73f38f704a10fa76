import { dora } from "../../../shared/delivery/dora.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { DeploymentView, Dora } from "../../../shared/schema/delivery.ts";
import type { DebtView } from "../../../shared/schema/flag-debt.ts";
import { type BudgetView, budgetState } from "../../../shared/schema/quota.ts";
import { BUDGET } from "../../admin/budget/entity.ts";
import { deploymentView } from "../../admin/delivery/view.ts";
import { roleOfPurpose } from "../../admin/kernel/flag-rights.ts";
import { activeKills } from "../../admin/kills/decide.ts";
import { environmentViews } from "../../admin/projects/view.ts";
import type { PropagationFigures } from "../propagation-reports/methods.ts";
import { debtOf } from "./debt-facts.ts";
import type { StoreMetrics } from "./methods.ts";
import type { ProjectTables } from "./project-tables.ts";
import { monthOf } from "./usage-counters.ts";

// Figures about a whole project: of its delivery, its debt and its use.

/** The environment that figures are about: the named one, else production, else the last one. */
function usualEnvironment(tables: ProjectTables, named: string | null): string | null {
  const environments = environmentViews(tables.documents).map(({ key }) => key);
  if (named !== null) return environments.find((key) => key === named) ?? null;
  return environments.find((key) => key === "production") ?? environments.at(-1) ?? null;
}

/**
 * The four figures of an environment (production, or else the last one, unless named) over a window. They tell of what
 * engineers deliver: flags that others may change alone, the tests of demand, are neither releases nor incidents.
 */
export function doraFigures(
  tables: ProjectTables,
  named: string | null,
  window: { from: number; to: number },
): Dora | null {
  const environment = usualEnvironment(tables, named);
  if (environment === null) return null;
  const deployments = tables.documents.list("deployment", environment).map(({ body }) => ({
    status: body.status,
    at: Date.parse(body.finishedAt),
    committedAt: body.committedAt === undefined ? null : Date.parse(body.committedAt),
  }));
  const delivered = new Map<string, boolean>();
  const isDelivered = (flag: string): boolean => {
    const purpose = tables.documents.get("flag", "", flag)?.body.purpose;
    return purpose === undefined || roleOfPurpose(purpose) === "engineer";
  };
  const begun = tables.auditLog.predecessorEnd;
  const events = tables.delivery.events(environment, window.from).filter(({ flag, revision }) => {
    if (revision <= begun) return false;
    if (!delivered.has(flag)) delivered.set(flag, isDelivered(flag));
    return delivered.get(flag);
  });
  return dora(environment, deployments, events, window);
}

/** Flags that code could do without, judged by an environment: production, or else the last one, unless named. */
export function debtFigures(tables: ProjectTables, named: string | null, days: number): DebtView | null {
  const environment = usualEnvironment(tables, named);
  if (environment === null) return null;
  const flags = debtOf(tables.documents, environment, tables.usageLog.view(environment), days, Date.now());
  return { days, environment, flags };
}

/** Newest first. */
export function recentDeployments({ documents }: ProjectTables, environment: string | null): DeploymentView[] {
  return documents
    .list("deployment", environment ?? undefined)
    .map(deploymentView)
    .sort((a, b) => Date.parse(b.finishedAt) - Date.parse(a.finishedAt))
    .slice(0, LIMITS.deploymentsShown);
}

/** This month's use beside the budget, if one is set. */
export function budgetFigures({ counters, documents }: ProjectTables): BudgetView {
  const month = monthOf(Date.now());
  const { evaluations: used, environments } = counters.month(month);
  const budget = documents.get("budget", "", BUDGET)?.body ?? null;
  const { evaluationsPerMonth = null, warnAt = null } = budget ?? {};
  return { month, used, environments, evaluationsPerMonth, warnAt, state: budgetState(used, budget) };
}

/** What a scrape shows of a project. */
export function metricFigures(tables: ProjectTables, figures: PropagationFigures): StoreMetrics {
  const { auditLog, documents, meta, notices, propagationLog, publications } = tables;
  const counters = tables.counters.totals();
  const environments = documents.list("environment").map(({ key }) => [
    key,
    {
      kills: activeKills(documents, key).length,
      counters: Object.fromEntries([...(counters.get(key) ?? [])].filter(([name]) => !name.startsWith("key."))),
      propagation: propagationLog.afterMs(key, meta.epoch, figures),
    },
  ]);
  return {
    revision: auditLog.latestRevision,
    flags: documents.list("flag").filter(({ body }) => !body.archivedAt).length,
    publicationsWaiting: publications.pending().length,
    noticesWaiting: notices.count,
    staleServed: propagationLog.centres(figures).reduce((sum, { staleServed }) => sum + staleServed, 0),
    environments: Object.fromEntries(environments),
  };
}
