import { MAX_RESTORE_MS } from "../../../shared/delivery/dora.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { roleIn } from "../../../shared/role-in.ts";
import { type Actor, roleCovers } from "../../../shared/schema/admin.ts";
import { CANARY_FLAG, DRILL_ACTOR } from "../../../shared/schema/drill.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  actorsAuthority,
  type Circumstances,
  change,
  changeableFlag,
  type Decision,
  decision,
} from "../../objects/flag-store/decide/decision.ts";
import type { Change, ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { type Result, reject } from "../../result.ts";
import { beginAtRestore, haltByKill, isAutomation } from "../plans/decide.ts";

/** Kills in force in an environment; restored ones are kept only until a snapshot without them is out. */
export const activeKills = (view: ProjectView, environment: string): Row<"kill">[] =>
  view.list("kill", environment).filter((row) => row.body.clearedRevision === undefined);

/**
 * Stops a flag, or one variant of it. Needs no version and repeats harmlessly: a second kill of the same thing
 * changes nothing and succeeds.
 */
export function kill(command: CommandOf<"kill">, c: Circumstances): Result<Decision> {
  const { environment, flag: key, variant } = command;
  const flag = changeableFlag(command, c);
  if (!flag.ok) return flag;
  if (variant !== undefined && !Object.hasOwn(flag.value.body.variants, variant)) {
    return reject({ code: "invalid", issues: [{ field: "variant", message: `"${key}" has no variant "${variant}"` }] });
  }
  const already = activeKills(c.view, environment).some((row) => row.body.flag === key && row.body.variant === variant);
  if (already) return decision([], []);
  const state = c.view.get("state", environment, key)?.body;
  if (command.evidence && c.actor.type !== "guard")
    return reject({ code: "forbidden", needs: "a guard: only it has evidence" });
  const onset = onsetOf(command, flag.value, c);
  if (!onset.ok) return onset;
  const serve = state?.killVariant === undefined ? flag.value.body.offVariant : state.killVariant;
  const after = {
    flag: key,
    ...(variant === undefined ? {} : { variant }),
    serve,
    revision: c.revision,
    comment: c.comment,
    by: c.actor.name,
    at: new Date(c.now).toISOString(),
    ...(onset.value === null ? {} : { onsetAt: onset.value }),
    ...(command.evidence ? { evidence: command.evidence } : {}),
  };
  return decision(
    [
      { entity: "kill", environment, key: `kill-${c.revision}`, before: null, after },
      ...haltByKill(c.view, environment, key, c),
    ],
    [environment],
  );
}

/**
 * When the trouble began, as somebody says; null when nobody does. It must be possible: a person is told what is wrong
 * with it, and monitoring, whose kill must never fail for that, counts as having said nothing.
 */
function onsetOf(
  { onsetAt, environment }: CommandOf<"kill">,
  flag: Row<"flag">,
  c: Circumstances,
): Result<string | null> {
  if (onsetAt === undefined) return { ok: true, value: null };
  // Not theirs to state, which is said first: see rights.ts.
  if (!roleCovers(roleIn(actorsAuthority(c), environment), "engineer")) return { ok: true, value: onsetAt };
  const at = Date.parse(onsetAt);
  const message = whyImpossible(at, flag, c.now);
  if (message === null) return { ok: true, value: new Date(Math.min(at, c.now)).toISOString() };
  if (c.actor.type === "trigger") return { ok: true, value: null };
  return reject({ code: "invalid", issues: [{ field: "onsetAt", message }] });
}

function whyImpossible(at: number, flag: Row<"flag">, now: number): string | null {
  if (at > now + LIMITS.deploymentSkewMs) return "lies in the future";
  if (at < now - MAX_RESTORE_MS) {
    const days = MAX_RESTORE_MS / 86_400_000;
    return `is more than ${days} days before the kill; leave it out, and the incident counts as one of unknown start`;
  }
  if (at < flag.createdAt - LIMITS.deploymentSkewMs) return "is before the flag was created";
  return null;
}

/** The one automation that restores: the drill, its own canary, which serves nobody. */
const isDrill = ({ type, id }: Actor, flag: string): boolean =>
  type === "system" && id === DRILL_ACTOR && flag === CANARY_FLAG;

/** Lifts kills: of one variant when named, else every kill of the flag. Nothing else ever does. */
export function restore(command: CommandOf<"restore">, c: Circumstances): Result<Decision> {
  const { environment, flag: key, variant } = command;
  const flag = changeableFlag(command, c);
  if (!flag.ok) return flag;
  // Automation may kill, never un-kill, whatever right it was given.
  if (isAutomation(c.actor) && !isDrill(c.actor, key))
    return reject({ code: "forbidden", needs: "a person: automation never lifts a kill" });
  const inForce = activeKills(c.view, environment).filter((row) => row.body.flag === key);
  const lifted = inForce.filter((row) => variant === undefined || row.body.variant === variant);
  const changes: Change[] = lifted.map((row) => ({
    entity: "kill",
    environment,
    key: row.key,
    before: row.body,
    after: { ...row.body, clearedRevision: c.revision },
  }));
  for (const id of command.breakGlassIds ?? []) {
    changes.push(
      ...change("tombstone", environment, id, c.view.get("tombstone", environment, id)?.body ?? null, { flag: key }),
    );
  }
  if (lifted.length > 0 && lifted.length === inForce.length)
    changes.push(...beginAtRestore(c.view, environment, key, c));
  return decision(changes, [environment]);
}

/**
 * Kills that were in force before a backup was put in place and that it does not know of: they stay, for only restoring
 * a flag lifts its kill. So do those of flags and environments that the backup does not have: a later one may.
 */
export function carriedKills(before: readonly Row<"kill">[], view: ProjectView, revision: number): Change[] {
  return before
    .filter(
      ({ environment, body }) =>
        !activeKills(view, environment).some((row) => row.body.flag === body.flag && row.body.variant === body.variant),
    )
    .map(({ environment, body }, index) => {
      const key = index === 0 ? `kill-${revision}` : `kill-${revision}-${index}`;
      return { entity: "kill", environment, key, before: null, after: body };
    });
}
