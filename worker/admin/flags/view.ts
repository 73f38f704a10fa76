import { ReachEffort } from "../../../shared/flags/reach-cases.ts";
import type { ReachWorld } from "../../../shared/flags/reach-world.ts";
import { summarize } from "../../../shared/flags/summary.ts";
import type { FlagView } from "../../../shared/schema/admin.ts";
import { patternProblems } from "../../objects/flag-store/decide/pattern-checks.ts";
import { valueProblems } from "../../objects/flag-store/decide/value-checks.ts";
import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { stamps } from "../../objects/flag-store/stamps.ts";
import { activeKills } from "../kills/decide.ts";
import { killView } from "../kills/view.ts";
import { scheduleViews } from "../schedules/view.ts";
import { reachSummary, reachWorld } from "./reach.ts";

function flagView(
  row: Row<"flag">,
  states: Row<"state">[],
  kills: Row<"kill">[],
  worldOf: (environment: string) => ReachWorld,
  effort: ReachEffort,
): FlagView {
  const environments: FlagView["environments"] = {};
  for (const state of states) {
    const its = kills.filter((kill) => kill.environment === state.environment && kill.body.flag === row.key);
    environments[state.environment] = summarize(
      state.body,
      state.version,
      its.map((kill) => kill.body),
      reachSummary(worldOf(state.environment), row.key, state.body, Date.now(), effort),
    );
  }
  return { key: row.key, ...stamps(row), ...row.body, environments };
}

const allKills = (view: ProjectView) => view.list("environment").flatMap(({ key }) => activeKills(view, key));

export function flagViewOf(view: ProjectView, key: string): FlagView | null {
  const row = view.get("flag", "", key);
  if (!row) return null;
  const states = view.list("environment").flatMap((environment) => view.get("state", environment.key, key) ?? []);
  return flagView(row, states, allKills(view), (environment) => reachWorld(view, environment), ReachEffort.ofList());
}

export function flagViews(view: ProjectView, archived: boolean): FlagView[] {
  const rows = view.list("flag");
  const all = view.list("state");
  const states = Map.groupBy(all, (row) => row.key);
  const kills = Map.groupBy(allKills(view), (row) => row.body.flag);
  const flags = new Map(rows.map(({ key, body }) => [key, body]));
  const worlds = new Map(
    [...Map.groupBy(all, (row) => row.environment)].map(([environment, its]) => [
      environment,
      reachWorld(view, environment, { flags, states: new Map(its.map(({ key, body }) => [key, body])) }),
    ]),
  );
  const effort = ReachEffort.ofList();
  const worldOf = (environment: string) => worlds.get(environment) ?? reachWorld(view, environment);
  return rows
    .filter((row) => archived === (row.body.archivedAt !== undefined))
    .map((row) => flagView(row, states.get(row.key) ?? [], kills.get(row.key) ?? [], worldOf, effort));
}

export function stateViewOf(view: ProjectView, environment: string, flag: string) {
  const row = view.get("state", environment, flag);
  if (!row) return null;
  const kills = activeKills(view, environment).filter((kill) => kill.body.flag === flag);
  const schedules = scheduleViews(view, environment, flag).filter(({ status }) => status === "pending");
  const reach = reachSummary(reachWorld(view, environment), flag, row.body, Date.now());
  const problems = [...valueProblems(view, row), ...patternProblems(view, environment, row.body)];
  const origin = view.get("origin", environment, flag)?.body;
  return {
    environment,
    flag,
    ...stamps(row),
    ...row.body,
    kills: kills.map(killView),
    schedules,
    ...(reach === undefined ? {} : { reach }),
    ...(problems.length > 0 ? { problems } : {}),
    ...(origin ? { origin: { vendor: origin.vendor, file: origin.file, at: origin.at } } : {}),
  };
}
