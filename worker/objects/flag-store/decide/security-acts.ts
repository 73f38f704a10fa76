import type { SecurityEvent, SecurityKind } from "../../../../shared/schema/security-log.ts";
import type { AuditEntry } from "../audit.ts";
import type { Change, Entity } from "../entities.ts";

type ChangeOf<E extends Entity> = Extract<Change, { entity: E }>;
type Act = Pick<SecurityEvent, "kind" | "subject" | "details">;

/** Settings that decide who or what reaches a project, or what leaves it. */
const SETTINGS: ReadonlySet<Entity> = new Set(["project", "environment", "webhook", "budget"]);

/**
 * What the installation's security log has to know of a revision: a function of its audit row alone, so that a store
 * that could not tell it at once tells the same later.
 */
export function securityActsOf(project: SecurityEvent["project"], row: AuditEntry): SecurityEvent[] {
  const { type, id, name } = row.actor;
  const acts = row.changes.flatMap((change) => {
    const act = actOf(change, row.action);
    return act ? [{ act, environment: change.environment }] : [];
  });
  if (row.action === "restoreBackup") acts.unshift({ act: { kind: "backup.restored", details: {} }, environment: "" });
  return acts.map(({ act, environment }) => ({
    ...act,
    actor: { type, id, name },
    ...(project === undefined ? {} : { project }),
    ...(environment === "" ? {} : { environment: environment as NonNullable<SecurityEvent["environment"]> }),
    details: { ...act.details, revision: row.revision, at: new Date(row.at).toISOString() },
  }));
}

function actOf(change: Change, action: string): Act | null {
  if (change.entity === "key") return keyAct(change, action);
  if (change.entity === "signingKey") {
    const { key: subject, before, after } = change;
    const kind = after === null ? "signing-key.revoked" : "signing-key.created";
    return { kind, subject, details: { name: (after ?? before)?.name ?? "" } };
  }
  if (change.entity === "trigger") {
    const { key: subject, before, after } = change;
    const kind = after === null ? "trigger.deleted" : "trigger.created";
    return { kind, subject, details: { flag: (after ?? before)?.flag ?? "" } };
  }
  if (change.entity === "tombstone" && change.after)
    return { kind: "break-glass.lifted", subject: change.key, details: { flag: change.after.flag } };
  // What the budget notes by itself is no setting.
  if (!SETTINGS.has(change.entity) || action === "warnBudget") return null;
  const done = change.before === null ? "created" : change.after === null ? "deleted" : "changed";
  return { kind: "setting.changed", subject: `${change.entity} ${change.key}`, details: { change: done } };
}

function keyAct({ key: subject, before, after }: ChangeOf<"key">, action: string): Act | null {
  const { name = "", kind = "", expiresAt } = after ?? before ?? {};
  const details = { name, kind, ...(expiresAt ? { expiresAt } : {}) };
  // The key that took its place tells of it.
  if (action === "rotateKey" && before) return null;
  return { kind: kindOfKeyAct(before, after, action), subject, details: withReplaced(details, after) };
}

const withReplaced = (details: SecurityEvent["details"], after: ChangeOf<"key">["after"]) =>
  after?.replaces ? { ...details, replaces: after.replaces } : details;

function kindOfKeyAct(
  before: ChangeOf<"key">["before"],
  after: ChangeOf<"key">["after"],
  action: string,
): SecurityKind {
  if (before === null) return action === "rotateKey" ? "key.rotated" : "key.created";
  if (after === null) return action === "expireKey" ? "key.expired" : "key.revoked";
  return action === "warnOfKeyExpiry" ? "key.expiring" : "key.changed";
}
