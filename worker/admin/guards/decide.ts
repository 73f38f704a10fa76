import { observedBy } from "../../../shared/guard/guard.ts";
import type { GuardDefinition } from "../../../shared/schema/guard.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  flagDocument,
  liveFlag,
} from "../../objects/flag-store/decide/decision.ts";
import type { Body, Change, ProjectView } from "../../objects/flag-store/entities.ts";
import { type FieldIssue, type Result, reject } from "../../result.ts";

/** Sets or replaces the guard of a flag. What it watches begins anew, as its rule of counting may be another. */
export function putGuard(command: CommandOf<"putGuard">, c: Circumstances): Result<Decision> {
  const { environment, flag: key, guard } = command;
  const found = flagDocument("guard", command, c);
  if (!found.ok) return found;
  const { flag, row } = found.value;
  const state = c.view.get("state", environment, key)?.body;
  const issues = guardIssues(guard, flag.body, state);
  if (issues.length > 0) return reject({ code: "invalid", issues });
  if (row && change("guard", environment, key, row.body, { ...guard, run: row.body.run }).length === 0)
    return decision([], []);
  const run = nextRun(row?.body ?? null, c);
  return decision(change("guard", environment, key, row?.body ?? null, { ...guard, run }), [environment]);
}

export function deleteGuard(command: CommandOf<"deleteGuard">, c: Circumstances): Result<Decision> {
  const { environment, flag: key } = command;
  const found = flagDocument("guard", command, c);
  if (!found.ok) return found;
  const { row } = found.value;
  if (!row) return reject({ code: "guard-not-found", flag: key, environment });
  return decision(change("guard", environment, key, row.body, null), [environment]);
}

/** Writes down a breach that a guard does not act upon: beyond the cap a person is called, and an alert is an alert. */
export function reportBreach(command: CommandOf<"reportBreach">, c: Circumstances): Result<Decision> {
  const { environment, flag: key, evidence, waiting } = command;
  if (c.actor.type !== "guard") return reject({ code: "forbidden", needs: "a guard: only it has evidence" });
  const flag = liveFlag(c.view, key);
  if (!flag.ok) return flag;
  const before = c.view.get("breach", environment, key)?.body ?? null;
  return decision(change("breach", environment, key, before, { evidence, waiting }), []);
}

/**
 * What other changes mean for guards: one whose arms, shares or rule are no longer the same, or whose flag is restored,
 * begins a new series, since counts from before and after cannot be added up. An archived flag's guard goes with it.
 * Changes nothing that is served.
 */
export function renewGuards(decided: Decision, c: Circumstances): Decision {
  const renewed: Change[] = [];
  for (const { environment, key } of concerned(decided.changes, c.view)) {
    const row = c.view.get("guard", environment, key);
    // A guard that the command itself writes has its run already.
    if (
      !row ||
      decided.changes.some((one) => one.entity === "guard" && one.environment === environment && one.key === key)
    )
      continue;
    const flag = afterwards(decided.changes, "flag", "", key);
    if (flag?.archivedAt) {
      renewed.push(...change("guard", environment, key, row.body, null));
      continue;
    }
    const before = observed(row.body, c.view.get("flag", "", key)?.body, c.view.get("state", environment, key)?.body);
    const after = observed(
      row.body,
      flag ?? c.view.get("flag", "", key)?.body,
      afterwards(decided.changes, "state", environment, key) ?? c.view.get("state", environment, key)?.body,
    );
    const restored = decided.changes.some(
      (one) =>
        one.entity === "kill" &&
        one.environment === environment &&
        one.after?.flag === key &&
        one.after.clearedRevision !== undefined,
    );
    if (after === "null" || (!restored && before === after)) continue;
    renewed.push(...change("guard", environment, key, row.body, { ...row.body, run: nextRun(row.body, c) }));
  }
  if (renewed.length === 0) return decided;
  const environments = renewed.map(({ environment }) => environment);
  return { changes: [...decided.changes, ...renewed], publish: [...new Set([...decided.publish, ...environments])] };
}

/** Flags, by environment, whose state, definition or kills a decision touches. */
function concerned(changes: readonly Change[], view: ProjectView): { environment: string; key: string }[] {
  const places = new Map<string, { environment: string; key: string }>();
  const add = (environment: string, key: string) => places.set(`${environment}\n${key}`, { environment, key });
  for (const one of changes) {
    if (one.entity === "state") add(one.environment, one.key);
    if (one.entity === "kill" && one.after) add(one.environment, one.after.flag);
    if (one.entity === "flag") for (const { key } of view.list("environment")) add(key, one.key);
  }
  return [...places.values()];
}

function afterwards<E extends "flag" | "state">(
  changes: readonly Change[],
  entity: E,
  environment: string,
  key: string,
): Body<E> | undefined {
  const found = changes.find((one) => one.entity === entity && one.environment === environment && one.key === key);
  return (found?.after ?? undefined) as Body<E> | undefined;
}

const observed = (guard: GuardDefinition, flag?: Body<"flag">, state?: Body<"state">): string =>
  flag && state ? JSON.stringify(observedBy(guard, flag.offVariant, state)) : "null";

const nextRun = (earlier: Body<"guard"> | null, c: Circumstances): Body<"guard">["run"] => ({
  id: `guard-${c.revision}`,
  entry: (earlier?.run.entry ?? 0) + 1,
  startedAt: new Date(c.now).toISOString(),
});

function guardIssues(guard: GuardDefinition, flag: Body<"flag">, state: Body<"state"> | undefined): FieldIssue[] {
  const issues: FieldIssue[] = [];
  const { control, rule } = guard;
  if (control !== undefined && !Object.hasOwn(flag.variants, control))
    issues.push({ field: "control", message: `the variants are ${Object.keys(flag.variants).join(", ")}` });
  if (rule !== undefined && rule !== null && !state?.rules.some(({ id }) => id === rule))
    issues.push({
      field: "rule",
      message: `there is no rule "${rule}"; name one whose split is to be watched, null for the fallthrough, or leave it out`,
    });
  return issues;
}
