import { reachIfOn } from "../../../shared/flags/reach.ts";
import { ReachEffort } from "../../../shared/flags/reach-cases.ts";
import type { ReachWorld } from "../../../shared/flags/reach-world.ts";
import { isNarrowed, summarize } from "../../../shared/flags/summary.ts";
import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import type { FlagView } from "../../../shared/schema/admin.ts";
import type { FlagState } from "../../../shared/schema/flag.ts";
import { shareOf } from "../../objects/flag-store/decide/delivery.ts";
import { patternProblems } from "../../objects/flag-store/decide/pattern-checks.ts";
import { valueProblems } from "../../objects/flag-store/decide/value-checks.ts";
import type { Body, ProjectView, Row } from "../../objects/flag-store/entities.ts";
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

/** How many a flag reaches whose rules only single users out: not known, and not nobody. */
const SOME = 0.01;

/**
 * What share of users each flag reaches in an environment, 0 to 1, kills aside; flags asked for in turn take their effort
 * from one budget. One that is too entangled to reckon may reach everybody.
 *
 * @param known documents that the caller has read
 */
export function reachedShares(
  view: ProjectView,
  environment: string,
  known: { flags: ReadonlyMap<string, Body<"flag">>; states: ReadonlyMap<string, FlagState> },
): (flag: string, now: number) => number {
  const world = reachWorld(view, environment, known);
  const effort = ReachEffort.ofList();
  return (key, now) => {
    const flag = known.flags.get(key);
    const state = known.states.get(key);
    if (!flag || !state?.enabled) return 0;
    if (!isNarrowed(state)) return shareOf(state, flag) / SPLIT_TOTAL;
    const reach = reachIfOn(world, key, now, effort);
    if (!reach) return 1;
    return Math.max(reach.share, reach.groups.some(({ share }) => share > 0) ? SOME : 0);
  };
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
