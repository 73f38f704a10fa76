import { flagDebt } from "../../../../shared/delivery/flag-debt.ts";
import { summarize } from "../../../../shared/flags/summary.ts";
import { ownOf } from "../../../../shared/own.ts";
import { type BlindWatch, DAY_MS, type Facts } from "../../../../shared/resilience/facts.ts";
import { review } from "../../../../shared/resilience/review.ts";
import { habitsOf, trendBegins, weeksOf } from "../../../../shared/resilience/trend.ts";
import type { FlagDebt } from "../../../../shared/schema/flag-debt.ts";
import type { Resilience } from "../../../../shared/schema/resilience.ts";
import { BUDGET } from "../../../admin/budget/entity.ts";
import { DRILL } from "../../../admin/drills/entity.ts";
import { dueAt } from "../../../admin/follow-ups/view.ts";
import { activeKills } from "../../../admin/kills/decide.ts";
import { pendingSchedules } from "../../../admin/schedules/decide.ts";
import type { ProjectTables } from "../project-tables.ts";
import { type Known, knownFlags, liveFlags } from "./live-flags.ts";
import { ServedChanges } from "./served-changes.ts";

/** A flag is stale when nothing has moved it for so many days. */
const STALE_DAYS = 90;
/** Deployments that the lead time is made from, the latest. */
const MOST_DEPLOYMENTS = 500;

/**
 * The review of one environment. Reads each flag and its state once, a bounded number of changes, and writes nothing.
 *
 * @param blind guards that see nothing, as their own object knows
 */
export function resilienceOf(
  tables: ProjectTables,
  environment: string,
  blind: readonly BlindWatch[],
  now: number,
): Resilience {
  const { documents, meta, auditLog, sql } = tables;
  const known = knownFlags(documents, environment);
  const served = new ServedChanges(sql, known);
  const { changes, complete } = served.since(environment, trendBegins(now), auditLog.predecessorEnd);
  auditLog.bytesSearched += served.bytesRead;
  const facts: Facts = {
    project: meta.project,
    environment,
    now,
    flags: liveFlags(documents, environment, known, now),
    changes,
    blind,
    drill: lastDrill(tables, environment),
    debt: staleOf(tables, environment, known, now),
    followUps: documents.list("followUp", environment).map(({ key, body }) => ({
      id: key,
      incident: body.incident,
      flag: body.flag,
      title: body.title,
      owner: body.owner,
      dueAt: dueAt(body.due),
      isDone: body.done !== undefined,
    })),
    hasBudget: documents.has("budget", "", BUDGET),
    freezes: documents.list("freeze", environment).length,
  };
  return {
    project: meta.project,
    environment,
    at: new Date(now).toISOString(),
    ...review(facts),
    weeks: weeksOf(changes, now),
    habits: habitsOf(changes, leadTimes(sql, environment, trendBegins(now))),
    changes: { read: changes.length, complete },
  };
}

function lastDrill({ documents }: ProjectTables, environment: string): Facts["drill"] {
  const [last] = documents.get("drill", environment, DRILL)?.body.runs ?? [];
  return last ? { at: Date.parse(last.at), passed: last.outcome === "passed", problem: last.problem ?? "" } : null;
}

/** Of the latest deployments, from the oldest commit to the end (ms). */
function leadTimes(sql: SqlStorage, environment: string, since: number): number[] {
  const rows = sql.exec<{ finished: string; committed: string }>(
    `SELECT body ->> '$.finishedAt' AS finished, body ->> '$.committedAt' AS committed FROM document
     WHERE entity = 'deployment' AND environment = ? AND created_at >= ? AND body ->> '$.committedAt' IS NOT NULL
       AND body ->> '$.status' <> 'failure' ORDER BY created_at DESC LIMIT ?`,
    environment,
    since,
    MOST_DEPLOYMENTS,
  );
  return [...rows]
    .map(({ finished, committed }) => Date.parse(finished) - Date.parse(committed))
    .filter((ms) => ms >= 0 && ms <= 400 * DAY_MS);
}

/** Flags that code could do without. As `debtOf`, from what is read already, and without who depends on them. */
function staleOf({ documents, usageLog }: ProjectTables, environment: string, known: Known, now: number): FlagDebt[] {
  const usage = usageLog.view(environment);
  const killedAt = new Map(
    activeKills(documents, environment).map(({ body }) => [body.flag, Date.parse(body.at)] as const),
  );
  const scheduled = pendingSchedules(documents).filter((row) => row.environment === environment);
  const moving = new Set(scheduled.map(({ body }) => body.flag));
  const facts = known.flags.flatMap(({ key, body, createdAt }) => {
    const state = known.states.get(key);
    if (!state) return [];
    const asked = ownOf(usage.flags, key);
    return {
      flag: key,
      purpose: body.purpose,
      owner: body.owner,
      createdAt,
      expiresAt: body.expiresAt === undefined ? null : Date.parse(body.expiresAt),
      offVariant: body.offVariant,
      state: summarize(state.body, state.version, []),
      stateChangedAt: state.updatedAt,
      killedAt: killedAt.get(key) ?? null,
      moving: moving.has(key),
      askedAt: asked === undefined ? null : Date.parse(asked),
      dependants: [],
    };
  });
  const observed = {
    bulkAt: usage.bulkAt === null ? null : Date.parse(usage.bulkAt),
    anyAsked: usage.bulkAt !== null || Object.keys(usage.flags).length > 0,
  };
  return flagDebt(facts, observed, STALE_DAYS, now);
}
