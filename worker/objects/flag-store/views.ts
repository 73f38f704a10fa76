import { summarize } from "../../../shared/flags/summary.ts";
import type { FlagView, KillView } from "../../../shared/schema/admin.ts";
import type { ViewedAt } from "../../admin/kernel/define-resource.ts";
import { scheduleViews } from "../../admin/schedules/view.ts";
import type { Command } from "./commands.ts";
import { activeKills } from "./decide/kill.ts";
import { patternProblems } from "./decide/pattern-checks.ts";
import type { ProjectView, Row } from "./entities.ts";
import { isOfResource, resourceViewAfter } from "./resources.ts";
import { iso, stamps } from "./stamps.ts";

export function killView(row: Row<"kill">): KillView {
  const { flag, variant, serve, revision, comment, by, at } = row.body;
  return { id: row.key, flag, ...(variant === undefined ? {} : { variant }), serve, revision, comment, by, at };
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
  const { project, revision, epoch } = at;
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
    case "limitKey":
      return keyViews(view, command.environment).find(({ id }) => id === command.id) ?? null;
    case "deleteProject":
    case "deleteEnvironment":
    case "archiveFlag":
    case "archiveFlags":
    case "createKey":
    case "revokeKey":
    case "revert":
    case "import":
      return null;
  }
}
