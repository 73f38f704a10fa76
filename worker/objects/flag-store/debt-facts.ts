import { type EnvironmentUse, type FlagFacts, flagDebt } from "../../../shared/delivery/flag-debt.ts";
import { summarize } from "../../../shared/flags/summary.ts";
import { ownOf } from "../../../shared/own.ts";
import type { FlagDebt } from "../../../shared/schema/flag-debt.ts";
import type { UsageView } from "../../../shared/schema/usage.ts";
import { dependantsByFlag } from "../../admin/flags/decide.ts";
import { activeKills } from "../../admin/kills/decide.ts";
import { pendingSchedules } from "../../admin/schedules/decide.ts";
import type { ProjectView } from "./entities.ts";

/** Debt of one environment's flags, from the documents and from what edges were asked for. */
export function debtOf(
  view: ProjectView,
  environment: string,
  usage: UsageView,
  days: number,
  now: number,
): FlagDebt[] {
  const kills = new Map(
    activeKills(view, environment)
      .filter(({ body }) => body.variant === undefined)
      .map(({ body }) => [body.flag, Date.parse(body.at)]),
  );
  const scheduled = new Set(
    pendingSchedules(view)
      .filter((row) => row.environment === environment)
      .map(({ body }) => body.flag),
  );
  const planned = new Set(
    view
      .list("plan", environment)
      .filter(({ body }) => body.run && ["running", "paused", "halted"].includes(body.run.status))
      .map(({ key }) => key),
  );
  const dependants = dependantsByFlag(view);
  const facts = view.list("flag").flatMap(({ key, body, createdAt }): FlagFacts[] => {
    const state = view.get("state", environment, key);
    if (body.archivedAt || !state) return [];
    const asked = ownOf(usage.flags, key);
    return [
      {
        flag: key,
        purpose: body.purpose,
        owner: body.owner,
        createdAt,
        expiresAt: body.expiresAt === undefined ? null : Date.parse(body.expiresAt),
        offVariant: body.offVariant,
        state: summarize(state.body, state.version, []),
        stateChangedAt: state.updatedAt,
        killedAt: kills.get(key) ?? null,
        moving: scheduled.has(key) || planned.has(key),
        askedAt: asked === undefined ? null : Date.parse(asked),
        dependants: dependants.get(key) ?? [],
      },
    ];
  });
  const observed: EnvironmentUse = {
    bulkAt: usage.bulkAt === null ? null : Date.parse(usage.bulkAt),
    anyAsked: usage.bulkAt !== null || Object.keys(usage.flags).length > 0,
  };
  return flagDebt(facts, observed, days, now);
}
