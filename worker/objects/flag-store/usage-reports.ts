import type { Actor } from "../../../shared/schema/admin.ts";
import { budgetState } from "../../../shared/schema/quota.ts";
import { type UsageReport, usageReport } from "../../../shared/schema/usage.ts";
import { BUDGET } from "../../admin/budget/entity.ts";
import type { Envelope } from "./commands.ts";
import type { ProjectTables } from "./project-tables.ts";
import { monthOf } from "./usage-counters.ts";

const BUDGET_ACTOR: Actor = { type: "system", id: "budget", name: "The budget", role: "engineer" };

/** Takes what isolates report of their use, and warns when a month's budget is nearly used up. */
export class UsageReports {
  readonly #tables: ProjectTables;
  readonly #run: (asked: Envelope) => unknown;

  /** @param run carries a command out in the present transaction */
  constructor(tables: ProjectTables, run: (asked: Envelope) => unknown) {
    this.#tables = tables;
    this.#run = run;
  }

  /** In a transaction. Of no consequence, so that nothing is written for what does not exist. */
  take(environment: string, report: UsageReport, now: number): void {
    const parsed = usageReport.safeParse(report);
    if (!parsed.success || !this.#tables.hasEnvironment(environment)) return;
    const { documents, usageLog, counters } = this.#tables;
    const known = (flag: string) => documents.get("flag", "", flag) !== null;
    const { reporter, counts } = parsed.data;
    usageLog.note(environment, parsed.data, known, now);
    if (!reporter || !counts) return;
    if (counters.take(environment, reporter, counts, now)) this.#warnOfBudget(now);
  }

  /** Writes what reports have left in memory. In a transaction. */
  settle(now: number): void {
    if (this.#tables.counters.dueAt === null) return;
    this.#tables.counters.write(now);
    this.#warnOfBudget(now);
  }

  /** Once a month, in the transaction of the report that passed the share that was set. */
  #warnOfBudget(now: number): void {
    const budget = this.#tables.documents.get("budget", "", BUDGET)?.body;
    const month = monthOf(now);
    if (!budget || budget.warnedMonth === month) return;
    const { evaluations } = this.#tables.counters.month(month);
    if (budgetState(evaluations, budget) === "within") return;
    const share = Math.floor((evaluations / budget.evaluationsPerMonth) * 100);
    this.#run({
      id: `budget/${month}/${crypto.randomUUID()}`,
      project: this.#tables.meta.project,
      actor: BUDGET_ACTOR,
      comment: `${share} % of the budget of ${month} is used`,
      command: { type: "warnBudget", month },
    });
  }
}
