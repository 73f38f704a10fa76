import { deployedServices } from "../../../../shared/delivery/previous-deployments.ts";
import { DRILL_ACTOR } from "../../../../shared/schema/drill.ts";
import type { EventType, WebhookMessage } from "../../../../shared/schema/webhook.ts";
import type { AuditEntry } from "../audit.ts";

/** One document's change, as loosely as the audit keeps it. */
type Changed = { entity: string; environment: string; key: string; before: Loose; after: Loose };
type Loose = Record<string, unknown> | null;

/**
 * Which events an audit row tells of: one table over what changed, so that a new command needs no call.
 * A rule sees each changed document with its row and names the flag concerned, or null.
 */
const RULES: readonly { type: EventType; about: (change: Changed, row: AuditEntry) => string | null }[] = [
  {
    type: "flag.changed",
    about: ({ entity, key, before, after }) =>
      (entity === "flag" || entity === "state") && (before || after) ? key : null,
  },
  {
    type: "flag.killed",
    about: ({ entity, before, after }) => (entity === "kill" && !before && after ? String(after.flag) : null),
  },
  {
    type: "flag.restored",
    about: ({ entity, before, after }) =>
      entity === "kill" && before && after?.clearedRevision !== undefined ? String(after.flag) : null,
  },
  {
    // Whatever the guard does by itself, it does because of a breach, except letting a plan go on.
    type: "guard.breached",
    about: ({ entity, key, after }, { actor, action }) => {
      if (entity === "breach" && after) return key;
      if (actor.type !== "guard" || (action !== "kill" && action !== "stepBackPlan" && action !== "rollbackPlan"))
        return null;
      return entity === "kill" && after ? String(after.flag) : entity === "plan" ? key : null;
    },
  },
  {
    type: "plan.waiting",
    about: ({ entity, key, before, after }) =>
      entity === "plan" && runOf(after)?.status === "halted" && runOf(before)?.status !== "halted" ? key : null,
  },
  {
    type: "test.reached-sample",
    about: ({ entity, key, before, after }) =>
      entity === "test" && after?.stopReason === "sample" && before?.stopReason !== "sample" ? key : null,
  },
  { type: "schedule.applied", about: (change) => scheduled(change, "applied") },
  { type: "schedule.failed", about: (change) => scheduled(change, "failed") },
  {
    // About no flag: the project itself.
    type: "budget.warning",
    about: ({ entity, before, after }) =>
      entity === "budget" && after?.warnedMonth !== undefined && after.warnedMonth !== before?.warnedMonth ? "" : null,
  },
  {
    type: "drill.failed",
    about: ({ entity, before, after }) => {
      const [last] = (after?.runs ?? []) as { outcome: string; flag: string; at: string }[];
      const [known] = (before?.runs ?? []) as { at: string }[];
      return entity === "drill" && last?.outcome === "failed" && last.at !== known?.at ? last.flag : null;
    },
  },
  {
    type: "key.expiring",
    about: ({ entity, after }, { action }) => (entity === "key" && action === "warnOfKeyExpiry" && after ? "" : null),
  },
  {
    type: "key.expired",
    about: ({ entity, after }, { action }) => (entity === "key" && action === "expireKey" && !after ? "" : null),
  },
  {
    // For a pipeline that shifts traffic back: the flag is off, and what was deployed with it may be at fault.
    type: "deployment.rollback-requested",
    about: ({ entity, before, after }, { actor }) =>
      actor.type === "guard" && entity === "kill" && !before && after ? String(after.flag) : null,
  },
];

/** The key that an event is about. */
function keyOf(type: EventType, changes: readonly Changed[]) {
  if (type !== "key.expiring" && type !== "key.expired") return {};
  const changed = changes.find(({ entity }) => entity === "key");
  const body = changed?.after ?? changed?.before;
  return body ? { key: { id: changed?.key ?? "", name: String(body.name), expiresAt: String(body.expiresAt) } } : {};
}

const runOf = (plan: Loose): Loose => (plan?.run ?? null) as Loose;
const scheduled = ({ entity, before, after }: Changed, status: string): string | null =>
  entity === "schedule" && after?.status === status && before?.status !== status ? String(after.flag) : null;

/** Subjects that one message names. An import may change thousands; the audit has them all. */
const MAX_SUBJECTS = 100;

/** What an environment's CI reported, as far as a message needs it. */
export type DeploymentsOf = (environment: string) => Parameters<typeof deployedServices>[0];

/** The messages of an audit row, one for each type of event that it tells of. */
export function messagesOf(
  project: string,
  row: AuditEntry,
  deploymentsOf: DeploymentsOf = () => [],
): WebhookMessage[] {
  // A drill kills and restores every day; only what it found is news.
  if (row.actor.id === DRILL_ACTOR && row.action !== "recordDrill") return [];
  const changes = row.changes as Changed[];
  return RULES.flatMap(({ type, about }) => {
    const subjects = changes.flatMap((change) => {
      const flag = about(change, row);
      return flag === null ? [] : [{ flag, environment: change.environment }];
    });
    const [first] = subjects;
    if (!first) return [];
    const { type: actorType, id, name } = row.actor;
    return [
      {
        type,
        timestamp: new Date(row.at).toISOString(),
        data: {
          project,
          revision: row.revision,
          ...(first.flag === "" ? {} : { flag: first.flag }),
          ...(first.environment === "" ? {} : { environment: first.environment }),
          subjects: subjects.filter(({ flag }) => flag !== "").slice(0, MAX_SUBJECTS),
          more: Math.max(0, subjects.length - MAX_SUBJECTS),
          ...keyOf(type, changes),
          ...(type === "deployment.rollback-requested"
            ? { deployments: deployedServices(deploymentsOf(first.environment)) }
            : {}),
          actor: { type: actorType, id, name },
          action: row.action,
          comment: row.comment,
        },
      },
    ];
  });
}

/** Whether a webhook asked for this: by type, and by environment unless the event concerns all of them. */
export function wants(
  webhook: { events: readonly string[]; environments: readonly string[]; paused: boolean },
  { type, data }: WebhookMessage,
): boolean {
  if (webhook.paused || !webhook.events.includes(type)) return false;
  return (
    webhook.environments.length === 0 ||
    (data.subjects.length === 0 &&
      (data.environment === undefined || webhook.environments.includes(data.environment))) ||
    data.subjects.some(({ environment }) => environment === "" || webhook.environments.includes(environment))
  );
}
