import { flagDependencies } from "../../../shared/evaluation/graph.ts";
import { EVERYWHERE } from "../../../shared/role-in.ts";
import { type FlagTest, walkCondition } from "../../../shared/schema/condition.ts";
import { type FlagState, flagDefinition, flagState, flagStateInput } from "../../../shared/schema/flag.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  actorsAuthority,
  type Circumstances,
  change,
  changeableFlag,
  type Decision,
  decision,
  environmentKeys,
  liveFlag,
  overLimit,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import { newlyExposed } from "../../objects/flag-store/decide/exposure.ts";
import { mergePatch, patchedState } from "../../objects/flag-store/decide/merge-patch.ts";
import { parseOrReject } from "../../objects/flag-store/decide/parse.ts";
import { patternIssues } from "../../objects/flag-store/decide/pattern-checks.ts";
import { mayChange } from "../../objects/flag-store/decide/rights.ts";
import {
  danglingReferences,
  defaultServe,
  flagCycle,
  flagTooDeep,
  isLive,
  layerOverlap,
  settleState,
} from "../../objects/flag-store/decide/state-checks.ts";
import { valueIssues, variantIssues } from "../../objects/flag-store/decide/value-checks.ts";
import type { Body, Change, ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { type Result, reject } from "../../result.ts";
import { activeKills } from "../kills/decide.ts";

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
  const forbidden = mayChange(actorsAuthority(c), EVERYWHERE, before?.purpose, after.purpose);
  if (forbidden) return reject(forbidden);
  if (!before) {
    const full = overLimit("flagsPerProject", c.view.count("flag") + 1);
    if (full) return reject(full);
  }
  if (before && before.type !== after.type) {
    return reject({ code: "type-change", flag: key, from: before.type, to: after.type });
  }
  const environments = environmentKeys(c.view);
  const changes: Change[] = change("flag", "", key, before, after);
  const rounded = variantIssues(changes);
  if (rounded.length > 0) return reject({ code: "invalid", issues: rounded });
  for (const environment of environments) {
    const state = c.view.get("state", environment, key)?.body ?? null;
    // A key used again starts as a new flag does, off: the old rules belong to the old meaning.
    if (!state || before?.archivedAt) {
      const fresh: FlagState = flagState.parse({ fallthrough: defaultServe(after) });
      changes.push(...change("state", environment, key, state, fresh));
      // Nor may who holds the old meaning's secret URLs kill the new one.
      for (const { key: id, body } of c.view.list("trigger", environment))
        if (body.flag === key) changes.push(...change("trigger", environment, id, body, null));
      continue;
    }
    const issues = danglingReferences(c.view, key, after, state);
    if (issues.length > 0) {
      return reject({
        code: "invalid",
        issues: issues.map(({ field, message }) => ({ field, message: `in ${environment}: ${message}` })),
      });
    }
  }
  if (before && before.visibility !== after.visibility && !acknowledged) {
    const exposes = newlyExposed(c.view, changes, environments);
    if (exposes) return reject(exposes);
  }
  const users = usersOfRemovedVariants(c.view, key, before, after);
  if (users.length > 0) return reject({ code: "in-use", what: `a removed variant of "${key}"`, by: users });
  return decision(changes, environments);
}

/** Other flags that test for a variant about to go, kills that serve it, and plans that release it. */
function usersOfRemovedVariants(
  view: ProjectView,
  key: string,
  before: Body<"flag"> | null,
  after: Body<"flag">,
): string[] {
  const removed = removedVariants(before, after);
  if (removed.length === 0) return [];
  const asking = view.mentioning("state", `"flag":"${key}"`);
  return usersOfVariants(view, new Map([[key, removed]]), asking).get(key) ?? [];
}

export const removedVariants = (before: Body<"flag"> | null, after: Body<"flag">): string[] =>
  Object.keys(before?.variants ?? {}).filter((variant) => !Object.hasOwn(after.variants, variant));

/**
 * What uses variants, by flag. Goes through states and kills once, however many flags are asked about: an import may
 * change thousands.
 *
 * @param variants by flag
 * @param states those that may ask for one of the flags
 */
export function usersOfVariants(
  view: ProjectView,
  variants: ReadonlyMap<string, readonly string[]>,
  states: readonly Row<"state">[],
): Map<string, string[]> {
  const users = new Map<string, string[]>();
  const note = (flag: string, used: readonly (string | null)[], words: string) => {
    const asked = variants.get(flag);
    if (!asked || !used.some((variant) => variant !== null && asked.includes(variant))) return;
    const known = users.get(flag);
    if (known === undefined) users.set(flag, [words]);
    else if (!known.includes(words)) known.push(words);
  };
  for (const row of states) {
    if (!isLive(view, row.key)) continue;
    for (const test of flagTests(row.body)) note(test.flag, test.variants, `flag ${row.key} in ${row.environment}`);
  }
  for (const environment of environmentKeys(view))
    for (const { body } of activeKills(view, environment))
      note(body.flag, [body.serve], `the kill in ${environment}, which serves it`);
  for (const flag of variants.keys())
    for (const environment of environmentKeys(view)) {
      const plan = view.get("plan", environment, flag)?.body;
      if (plan) note(flag, [plan.variant, plan.baseline], `the plan of ${flag} in ${environment}`);
    }
  return users;
}

/** What a state asks of other flags, in prerequisites and rules. */
function flagTests(state: FlagState): FlagTest[] {
  const tests: FlagTest[] = [...state.prerequisites];
  for (const rule of state.rules) {
    walkCondition(rule.when, (c) => {
      if ("flag" in c) tests.push(c);
    });
  }
  return tests;
}

/** Flags that name this one as a prerequisite or in a condition, in any environment. */
export function dependants(view: ProjectView, key: string): string[] {
  const rows = view.mentioning("state", `"flag":"${key}"`).filter((row) => row.key !== key);
  return [...new Set(rows.map((row) => row.key))].filter((flag) => isLive(view, flag));
}

/** The same of every flag that anything depends on. Reads each state once: thousands may be asked about. */
export function dependantsByFlag(view: ProjectView): Map<string, string[]> {
  const named = new Map<string, Set<string>>();
  for (const { key, body } of view.mentioning("state", '"flag":"')) {
    if (!isLive(view, key)) continue;
    for (const flag of flagDependencies(body)) {
      if (flag === key) continue;
      const known = named.get(flag);
      if (known) known.add(key);
      else named.set(flag, new Set([key]));
    }
  }
  return new Map([...named].map(([flag, keys]) => [flag, [...keys]]));
}

export function archiveFlag(command: CommandOf<"archiveFlag">, c: Circumstances): Result<Decision> {
  const row = liveFlag(c.view, command.flag);
  if (!row.ok) return row;
  const refused =
    versionConflict(`flag "${command.flag}"`, row.value, c.ifVersion) ??
    mayChange(actorsAuthority(c), EVERYWHERE, row.value.body.purpose);
  if (refused) return reject(refused);
  const by = dependants(c.view, command.flag);
  if (by.length > 0) return reject({ code: "in-use", what: `the flag "${command.flag}"`, by });
  return decision(archived(new Map([[command.flag, row.value.body]]), c), environmentKeys(c.view));
}

/** A key used again starts as a new flag does, without the old one's tests. */
function archived(leaving: ReadonlyMap<string, Body<"flag">>, c: Circumstances): Change[] {
  const archivedAt = new Date(c.now).toISOString();
  const environments = environmentKeys(c.view);
  return [...leaving].flatMap(([flag, body]) => [
    ...change("flag", "", flag, body, { ...body, archivedAt }),
    ...environments.flatMap((environment) => {
      const test = c.view.get("test", environment, flag)?.body;
      return test ? change("test", environment, flag, test, null) : [];
    }),
  ]);
}

/** All or none. Flags that depend on each other go together. */
export function archiveFlags(command: CommandOf<"archiveFlags">, c: Circumstances): Result<Decision> {
  const leaving = new Map<string, Body<"flag">>();
  for (const key of new Set(command.flags)) {
    const row = liveFlag(c.view, key);
    if (!row.ok) return row;
    const refused = mayChange(actorsAuthority(c), EVERYWHERE, row.value.body.purpose);
    if (refused) return reject(refused);
    leaving.set(key, row.value.body);
  }
  const users = dependantsByFlag(c.view);
  for (const key of leaving.keys()) {
    const by = (users.get(key) ?? []).filter((flag) => !leaving.has(flag));
    if (by.length > 0) return reject({ code: "in-use", what: `the flag "${key}"`, by });
  }
  return decision(archived(leaving, c), environmentKeys(c.view));
}

export function putState(command: CommandOf<"putState">, c: Circumstances): Result<Decision> {
  return saveState(command, c, () => ({ ok: true, value: command.state }));
}

export function patchState(command: CommandOf<"patchState">, c: Circumstances): Result<Decision> {
  return saveState(command, c, (before) => parseOrReject(flagStateInput, patchedState(before ?? {}, command.patch)));
}

function saveState(
  command: CommandOf<"putState"> | CommandOf<"patchState">,
  c: Circumstances,
  wanted: (before: FlagState | null) => Result<ReturnType<typeof flagStateInput.parse>>,
): Result<Decision> {
  const { environment, flag: key } = command;
  const flag = changeableFlag(command, c);
  if (!flag.ok) return flag;
  const row = c.view.get("state", environment, key);
  const conflict = versionConflict(`flag "${key}" in ${environment}`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  const input = wanted(row?.body ?? null);
  if (!input.ok) return input;
  const state = settleState(input.value, flag.value.body, row?.body ?? null);
  const changes = change("state", environment, key, row?.body ?? null, state);
  const issues = [
    ...danglingReferences(c.view, key, flag.value.body, state),
    ...layerOverlap(c.view, environment, key, state),
    ...valueIssues(changes),
    ...patternIssues(c.view, changes),
  ];
  if (issues.length > 0) return reject({ code: "invalid", issues });
  const tangle =
    flagDependencies(state).length === 0
      ? null
      : (flagCycle(c.view, environment, key, state) ?? flagTooDeep(c.view, environment, key, state));
  if (tangle) return reject(tangle);
  const asked = row ? flagDependencies(row.body) : [];
  const asksMore = flagDependencies(state).some((one) => !asked.includes(one));
  if (asksMore && !command.acknowledgeExposure) {
    const exposes = newlyExposed(c.view, changes, [environment]);
    if (exposes) return reject(exposes);
  }
  return decision(changes, [environment]);
}
