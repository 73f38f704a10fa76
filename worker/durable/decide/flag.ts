import { type FlagState, flagDefinition, flagState, flagStateInput } from "../../../shared/schema/flag.ts";
import type { CommandOf } from "../commands.ts";
import type { Body, Change, ProjectView } from "../entities.ts";
import { type Result, reject } from "../result.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  environmentKeys,
  liveFlag,
  mayChange,
  overLimit,
  versionConflict,
} from "./decision.ts";
import { mergePatch } from "./merge-patch.ts";
import { parseOrReject } from "./parse.ts";
import {
  danglingReferences,
  defaultServe,
  exposedFlags,
  flagCycle,
  layerOverlap,
  settleState,
} from "./state-checks.ts";

export function putFlag(command: CommandOf<"putFlag">, c: Circumstances): Result<Decision> {
  const row = c.view.get("flag", "", command.flag);
  const existing = row && !row.body.archivedAt ? row : null;
  if (row?.body.archivedAt && !command.reuse) return reject({ code: "flag-archived", flag: command.flag });
  const conflict = versionConflict(`flag "${command.flag}"`, existing, c.ifVersion);
  if (conflict) return reject(conflict);
  const definition: Body<"flag"> = {
    ...command.definition,
    seed: command.definition.seed ?? row?.body.seed ?? command.flag,
  };
  return saveFlag(command.flag, row?.body ?? null, definition, command.acknowledgeExposure ?? false, c);
}

export function patchFlag(command: CommandOf<"patchFlag">, c: Circumstances): Result<Decision> {
  const row = liveFlag(c.view, command.flag);
  if (!row.ok) return row;
  const conflict = versionConflict(`flag "${command.flag}"`, row.value, c.ifVersion);
  if (conflict) return reject(conflict);
  const merged = parseOrReject(flagDefinition, mergePatch(row.value.body, command.patch));
  if (!merged.ok) return merged;
  const definition = { ...merged.value, seed: merged.value.seed ?? command.flag };
  return saveFlag(command.flag, row.value.body, definition, command.acknowledgeExposure ?? false, c);
}

function saveFlag(
  key: string,
  before: Body<"flag"> | null,
  after: Body<"flag">,
  acknowledged: boolean,
  c: Circumstances,
): Result<Decision> {
  const forbidden = mayChange(c.actor, before?.purpose, after.purpose);
  if (forbidden) return reject(forbidden);
  if (c.actor.role === "marketer" && before && before.purpose !== after.purpose) {
    return reject({ code: "forbidden", needs: "the role engineer to change what a flag is for" });
  }
  if (!before) {
    const full = overLimit("flagsPerProject", c.view.count("flag") + 1);
    if (full) return reject(full);
  }
  if (before && before.type !== after.type) {
    return reject({ code: "type-change", flag: key, from: before.type, to: after.type });
  }
  const environments = environmentKeys(c.view);
  const changes: Change[] = change("flag", "", key, before, after);
  for (const environment of environments) {
    const state = c.view.get("state", environment, key)?.body;
    if (!state) {
      const fresh: FlagState = flagState.parse({ fallthrough: defaultServe(after) });
      changes.push(...change("state", environment, key, null, fresh));
      continue;
    }
    const issues = danglingReferences(c.view, key, after, state);
    if (issues.length > 0) {
      return reject({
        code: "invalid",
        issues: issues.map(({ field, message }) => ({ field, message: `in ${environment}: ${message}` })),
      });
    }
    const hidden = exposedFlags(c.view, after, state);
    if (hidden.length > 0 && !acknowledged) return reject({ code: "exposes-hidden-flag", flag: key, hidden });
  }
  const orphans = dependantsOnRemovedVariants(c.view, key, before, after);
  if (orphans.length > 0) return reject({ code: "in-use", what: `a removed variant of "${key}"`, by: orphans });
  return decision(changes, environments);
}

function dependantsOnRemovedVariants(
  view: ProjectView,
  key: string,
  before: Body<"flag"> | null,
  after: Body<"flag">,
): string[] {
  const removed = Object.keys(before?.variants ?? {}).filter((variant) => !Object.hasOwn(after.variants, variant));
  if (removed.length === 0) return [];
  return dependants(view, key).filter((flag) =>
    view
      .mentioning("state", `"flag":"${key}"`)
      .some((row) => row.key === flag && removed.some((variant) => JSON.stringify(row.body).includes(`"${variant}"`))),
  );
}

/** Flags that name this one as a prerequisite or in a condition, in any environment. */
export function dependants(view: ProjectView, key: string): string[] {
  const rows = view.mentioning("state", `"flag":"${key}"`).filter((row) => row.key !== key);
  return [...new Set(rows.map((row) => row.key))].filter((flag) => !view.get("flag", "", flag)?.body.archivedAt);
}

export function archiveFlag(command: CommandOf<"archiveFlag">, c: Circumstances): Result<Decision> {
  const row = liveFlag(c.view, command.flag);
  if (!row.ok) return row;
  const refused =
    versionConflict(`flag "${command.flag}"`, row.value, c.ifVersion) ?? mayChange(c.actor, row.value.body.purpose);
  if (refused) return reject(refused);
  const by = dependants(c.view, command.flag);
  if (by.length > 0) return reject({ code: "in-use", what: `the flag "${command.flag}"`, by });
  const archived = { ...row.value.body, archivedAt: new Date(c.now).toISOString() };
  return decision(change("flag", "", command.flag, row.value.body, archived), environmentKeys(c.view));
}

export function putState(command: CommandOf<"putState">, c: Circumstances): Result<Decision> {
  return saveState(command, c, () => ({ ok: true, value: command.state }));
}

export function patchState(command: CommandOf<"patchState">, c: Circumstances): Result<Decision> {
  return saveState(command, c, (before) => parseOrReject(flagStateInput, mergePatch(before ?? {}, command.patch)));
}

function saveState(
  command: CommandOf<"putState"> | CommandOf<"patchState">,
  c: Circumstances,
  wanted: (before: FlagState | null) => Result<ReturnType<typeof flagStateInput.parse>>,
): Result<Decision> {
  const { environment, flag: key } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const flag = liveFlag(c.view, key);
  if (!flag.ok) return flag;
  const row = c.view.get("state", environment, key);
  const refused =
    versionConflict(`flag "${key}" in ${environment}`, row, c.ifVersion) ?? mayChange(c.actor, flag.value.body.purpose);
  if (refused) return reject(refused);
  const input = wanted(row?.body ?? null);
  if (!input.ok) return input;
  const state = settleState(input.value, flag.value.body, row?.body ?? null);
  const issues = [
    ...danglingReferences(c.view, key, flag.value.body, state),
    ...layerOverlap(c.view, environment, key, state),
  ];
  if (issues.length > 0) return reject({ code: "invalid", issues });
  const cycle = flagCycle(c.view, environment, key, state);
  if (cycle) return reject(cycle);
  const hidden = exposedFlags(c.view, flag.value.body, state);
  if (hidden.length > 0 && !command.acknowledgeExposure)
    return reject({ code: "exposes-hidden-flag", flag: key, hidden });
  return decision(change("state", environment, key, row?.body ?? null, state), [environment]);
}
