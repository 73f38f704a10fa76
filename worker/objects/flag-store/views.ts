import { summarize } from "../../../shared/flags/summary.ts";
import { seriesId, waitsOf } from "../../../shared/release/plan.ts";
import type { FlagView, KillView } from "../../../shared/schema/admin.ts";
import type { GuardView } from "../../../shared/schema/guard.ts";
import type { PlanView } from "../../../shared/schema/plan.ts";
import type { ScheduleView } from "../../../shared/schema/schedule.ts";
import type { ListView } from "../../../shared/schema/segment.ts";
import type { TestView } from "../../../shared/schema/test-admin.ts";
import type { ViewedAt } from "../../admin/kernel/define-resource.ts";
import type { Command } from "./commands.ts";
import { activeKills } from "./decide/kill.ts";
import { patternProblems } from "./decide/pattern-checks.ts";
import { situationOf } from "./decide/plan.ts";
import type { ProjectView, Row } from "./entities.ts";
import { isOfResource, resourceViewAfter } from "./resources.ts";
import { iso, stamps } from "./stamps.ts";

export function killView(row: Row<"kill">): KillView {
  const { flag, variant, serve, revision, comment, by, at } = row.body;
  return { id: row.key, flag, ...(variant === undefined ? {} : { variant }), serve, revision, comment, by, at };
}

export function scheduleView(row: Row<"schedule">): ScheduleView {
  const { by, acknowledgeExposure: _, acknowledgedFlags: __, rights: ___, ...body } = row.body;
  const { key: id, environment, version } = row;
  return { id, environment, ...body, by: by.name, createdAt: iso(row.createdAt), version };
}

export function planView(view: ProjectView, row: Row<"plan">, now: number): PlanView {
  const { run, ...definition } = row.body;
  const situation = situationOf(view, row, now);
  const running = run && {
    ...run,
    series: seriesId(run),
    waits: situation ? waitsOf(row.body, situation) : [],
  };
  const { environment, key: flag } = row;
  return { environment, flag, ...stamps(row), ...definition, ...(running ? { run: running } : {}) };
}

export function planViewOf(view: ProjectView, environment: string, flag: string, now: number): PlanView | null {
  const row = view.get("plan", environment, flag);
  return row && planView(view, row, now);
}

export function guardView(row: Row<"guard">): GuardView {
  const { createdAt, updatedAt, version } = stamps(row);
  return { environment: row.environment, flag: row.key, version, createdAt, updatedAt, ...row.body };
}

export function testView(row: Row<"test">): TestView {
  return { flag: row.key, environment: row.environment, ...stamps(row), ...row.body };
}

export const testViews = (view: ProjectView, environment: string): TestView[] =>
  view.list("test", environment).map(testView);

export function testViewOf(view: ProjectView, environment: string, flag: string): TestView | null {
  const row = view.get("test", environment, flag);
  return row && testView(row);
}

/** Schedules of an environment, or of one flag in it, by their time. */
export function scheduleViews(view: ProjectView, environment: string, flag?: string): ScheduleView[] {
  return view
    .list("schedule", environment)
    .filter((row) => flag === undefined || row.body.flag === flag)
    .map(scheduleView)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

export function flagView(row: Row<"flag">, states: Row<"state">[], kills: Row<"kill">[]): FlagView {
  const environments: FlagView["environments"] = {};
  for (const state of states) {
    const its = kills.filter((kill) => kill.environment === state.environment && kill.body.flag === row.key);
    environments[state.environment] = summarize(
      state.body,
      state.version,
      its.map((kill) => kill.body),
    );
  }
  return { key: row.key, ...stamps(row), ...row.body, environments };
}

const allKills = (view: ProjectView) => view.list("environment").flatMap(({ key }) => activeKills(view, key));

export function flagViewOf(view: ProjectView, key: string): FlagView | null {
  const row = view.get("flag", "", key);
  if (!row) return null;
  const states = view.list("environment").flatMap((environment) => view.get("state", environment.key, key) ?? []);
  return flagView(row, states, allKills(view));
}

export function flagViews(view: ProjectView, archived: boolean): FlagView[] {
  const states = Map.groupBy(view.list("state"), (row) => row.key);
  const kills = Map.groupBy(allKills(view), (row) => row.body.flag);
  return view
    .list("flag")
    .filter((row) => archived === (row.body.archivedAt !== undefined))
    .map((row) => flagView(row, states.get(row.key) ?? [], kills.get(row.key) ?? []));
}

export function stateViewOf(view: ProjectView, environment: string, flag: string) {
  const row = view.get("state", environment, flag);
  if (!row) return null;
  const kills = activeKills(view, environment).filter((kill) => kill.body.flag === flag);
  const schedules = scheduleViews(view, environment, flag).filter(({ status }) => status === "pending");
  const problems = patternProblems(view, environment, row.body);
  return {
    environment,
    flag,
    ...stamps(row),
    ...row.body,
    kills: kills.map(killView),
    schedules,
    ...(problems.length > 0 ? { problems } : {}),
  };
}

export function definitionViewOf(view: ProjectView, entity: "segment" | "layer" | "holdout", key: string) {
  const row = view.get<"segment" | "layer" | "holdout">(entity, "", key);
  const list = entity === "segment" ? view.get("list", "", key) : null;
  const listed = list ? { list: { count: list.body.count, updatedAt: iso(list.updatedAt) } } : {};
  return row && { key, ...stamps(row), ...row.body, ...listed };
}

export function listViewOf(view: ProjectView, segment: string): ListView | null {
  const row = view.get("list", "", segment);
  return row && { segment, count: row.body.count, ...stamps(row) };
}

export function environmentViews(view: ProjectView) {
  return view
    .list("environment")
    .sort((a, b) => a.body.position - b.body.position)
    .map((row) => ({ key: row.key, name: row.body.name, version: row.version }));
}

export function projectViewOf(view: ProjectView, key: string, revision: number, epoch: number) {
  const row = view.get("project", "", key);
  if (!row) return null;
  return {
    key,
    name: row.body.name,
    version: row.version,
    revision,
    epoch,
    environments: environmentViews(view),
    createdAt: iso(row.createdAt),
  };
}

export function keyViews(view: ProjectView, environment: string) {
  return view.list("key", environment).map((row) => {
    const { kind, name, origins, createdBy, hint, limit } = row.body;
    const limited = limit ? { limit } : {};
    return { id: row.key, kind, name, origins, createdAt: iso(row.createdAt), createdBy, hint, ...limited };
  });
}

/** What a command's answer shows: the document as it stands afterwards. */
export function viewAfter(view: ProjectView, command: Command, at: ViewedAt): unknown {
  const { project, revision, epoch, now } = at;
  if (isOfResource(command)) return resourceViewAfter(view, command, at);
  switch (command.type) {
    case "putProject":
      return projectViewOf(view, project, revision, epoch);
    case "putEnvironment":
      return environmentViews(view).find(({ key }) => key === command.environment) ?? null;
    case "putFlag":
    case "patchFlag":
      return flagViewOf(view, command.flag);
    case "putState":
    case "patchState":
    case "kill":
    case "restore":
      return stateViewOf(view, command.environment, command.flag);
    case "createSchedule": {
      const made = view.get("schedule", command.environment, `schedule-${revision}`);
      return made && scheduleView(made);
    }
    case "cancelSchedule":
    case "applySchedule": {
      const row = view.get("schedule", command.environment, command.id);
      return row && scheduleView(row);
    }
    case "putGuard": {
      const row = view.get("guard", command.environment, command.flag);
      return row && guardView(row);
    }
    case "putPlan":
    case "startPlan":
    case "pausePlan":
    case "resumePlan":
    case "advancePlan":
    case "stepBackPlan":
    case "rollbackPlan":
      return planViewOf(view, command.environment, command.flag, now);
    case "limitKey":
      return keyViews(view, command.environment).find(({ id }) => id === command.id) ?? null;
    case "putTest":
    case "startTest":
    case "stopTest":
    case "stageTest":
      return testViewOf(view, command.environment, command.flag);
    case "putSegment":
      return definitionViewOf(view, "segment", command.segment);
    case "putList":
    case "patchList":
      return listViewOf(view, command.segment);
    case "putLayer":
      return definitionViewOf(view, "layer", command.layer);
    case "putHoldout":
      return definitionViewOf(view, "holdout", command.holdout);
    case "deleteGuard":
    case "reportBreach":
    case "deletePlan":
    case "deleteProject":
    case "deleteEnvironment":
    case "archiveFlag":
    case "archiveFlags":
    case "deleteTest":
    case "deleteSegment":
    case "deleteList":
    case "deleteLayer":
    case "deleteHoldout":
    case "createKey":
    case "revokeKey":
    case "revert":
    case "import":
      return null;
  }
}
