import { SPLIT_TOTAL } from "../../../../shared/limits.ts";
import { isActive, presentShare } from "../../../../shared/release/plan.ts";
import type { LiveFlag } from "../../../../shared/resilience/facts.ts";
import { CANARY_FLAG } from "../../../../shared/schema/drill.ts";
import { reachedShares } from "../../../admin/flags/view.ts";
import { roleOfPurpose } from "../../../admin/kernel/flag-rights.ts";
import { activeKills } from "../../../admin/kills/decide.ts";
import type { ProjectView, Row } from "../entities.ts";
import type { KnownOffVariants } from "./served-changes.ts";

export interface Known extends KnownOffVariants {
  flags: readonly Row<"flag">[];
  states: ReadonlyMap<string, Row<"state">>;
}

/**
 * Flags and states of an environment, read once. Tests of demand and the drill's own flag are no releases, and so none of
 * a review; archived flags count for the past alone.
 */
export function knownFlags(view: ProjectView, environment: string): Known {
  const delivered = view
    .list("flag")
    .filter(({ key, body }) => key !== CANARY_FLAG && roleOfPurpose(body.purpose) === "engineer");
  const states = new Map(view.list("state", environment).map((row) => [row.key, row]));
  return {
    flags: delivered.filter(({ body }) => !body.archivedAt),
    states,
    offVariants: new Map(delivered.map(({ key, body }) => [key, body.offVariant])),
  };
}

/** The same of one flag alone. */
export const knownFlag = (view: ProjectView, flag: string): KnownOffVariants => ({
  offVariants: new Map([[flag, view.get("flag", "", flag)?.body.offVariant ?? null]]),
});

/** Each flag as a review sees it: whom it reaches, and what would take it back. */
export function liveFlags(view: ProjectView, environment: string, known: Known, now: number): LiveFlag[] {
  const { flags, states } = known;
  const plans = new Map(view.list("plan", environment).map(({ key, body }) => [key, body]));
  const guards = new Set(view.list("guard", environment).map(({ key }) => key));
  const triggers = new Set(view.list("trigger", environment).map(({ body }) => body.flag));
  const killed = new Set(
    activeKills(view, environment)
      .filter(({ body }) => body.variant === undefined)
      .map(({ body }) => body.flag),
  );
  const reached = reachedShares(view, environment, {
    flags: new Map(flags.map(({ key, body }) => [key, body])),
    states: new Map([...states].map(([key, { body }]) => [key, body])),
  });
  return flags.map(({ key, body }): LiveFlag => {
    const state = states.get(key)?.body;
    const plan = plans.get(key);
    const guardedStage = plan && isActive(plan) && (plan.stages[plan.run.stage]?.guards.length ?? 0) > 0;
    const [variant = null] = Object.keys(body.variants).filter((name) => name !== body.offVariant);
    return {
      flag: key,
      owner: body.owner,
      reach: killed.has(key) ? 0 : reached(key, now),
      stoppedBy: guardedStage ? "plan" : guards.has(key) ? "guard" : triggers.has(key) ? "trigger" : null,
      hasPlan: plan !== undefined,
      variant,
      offVariant: body.offVariant,
      isSplit: state !== undefined && variant !== null && isPart(presentShare(state, variant)),
    };
  });
}

const isPart = (parts: number): boolean => parts > 0 && parts < SPLIT_TOTAL;
