import type { StateSummary } from "../schema/admin.ts";
import type { Purpose } from "../schema/flag.ts";
import { DEBT_REASONS, type DebtReason, type FlagDebt } from "../schema/flag-debt.ts";

/** What is known of a flag, in the environment that matters most; times in epoch ms. */
export interface FlagFacts {
  flag: string;
  purpose: Purpose;
  owner: string;
  createdAt: number;
  expiresAt: number | null;
  offVariant: string | null;
  state: Pick<StateSummary, "enabled" | "everybody" | "targeting">;
  stateChangedAt: number;
  /** Since when the whole flag is killed; null: it is not. */
  killedAt: number | null;
  /** A schedule or a plan is still about to change it. */
  moving: boolean;
  /** When it was last asked for by name. */
  askedAt: number | null;
  dependants: string[];
}

/** What edges have told of the environment as a whole. */
export interface EnvironmentUse {
  /** When all flags were last asked for at once: then nobody knows which of them an app needs. */
  bulkAt: number | null;
  /** Whether anything has been asked for at all: without, silence says nothing. */
  anyAsked: boolean;
}

/** Controls are meant to stay as they are for years; only their own expiry makes them debt. */
const PERMANENT = new Set<Purpose>(["ops", "config"]);

/** The one variant that everybody gets; undefined when people get different ones, or nobody can say. */
function variantForAll({ state, offVariant }: FlagFacts): string | null | undefined {
  if (!state.enabled) return offVariant;
  if (state.targeting > 0) return undefined;
  const { everybody } = state;
  if ("variant" in everybody) return everybody.variant;
  const served = everybody.split.filter(({ weight }) => weight > 0);
  return served.length === 1 ? served[0]?.variant : undefined;
}

/**
 * Flags that code could do without: those that have served one variant, have been killed, or were not asked for, for
 * `days` days, and those past their expiry. Pure. The most pressing first: by the first of their reasons, then by age.
 */
export function flagDebt(all: readonly FlagFacts[], observed: EnvironmentUse, days: number, now: number): FlagDebt[] {
  const before = now - days * 86_400_000;
  return all
    .flatMap((facts) => {
      const reasons = reasonsOf(facts, observed, before, now);
      const [first] = reasons;
      if (!first) return [];
      const forAll = facts.killedAt === null ? variantForAll(facts) : undefined;
      const { flag, purpose, owner, dependants } = facts;
      const keep = forAll === undefined ? {} : { keep: forAll };
      return [{ first, debt: { flag, purpose, owner, reasons: reasons.map(told), ...keep, dependants } }];
    })
    .sort(
      (a, b) =>
        DEBT_REASONS.indexOf(a.first.reason) - DEBT_REASONS.indexOf(b.first.reason) ||
        a.first.since - b.first.since ||
        (a.debt.flag < b.debt.flag ? -1 : 1),
    )
    .map(({ debt }) => debt);
}

interface Reason {
  reason: DebtReason;
  since: number;
}
const told = ({ reason, since }: Reason) => ({ reason, since: new Date(since).toISOString() });

function reasonsOf(facts: FlagFacts, observed: EnvironmentUse, before: number, now: number): Reason[] {
  const reasons: Reason[] = [];
  if (facts.expiresAt !== null && facts.expiresAt <= now) reasons.push({ reason: "expired", since: facts.expiresAt });
  if (PERMANENT.has(facts.purpose)) return reasons;
  const settled = facts.stateChangedAt <= before && !facts.moving && facts.killedAt === null;
  if (settled) {
    const forAll = variantForAll(facts);
    if (forAll !== undefined)
      reasons.push({ reason: forAll === facts.offVariant ? "off" : "rolled-out", since: facts.stateChangedAt });
  }
  if (facts.killedAt !== null && facts.killedAt <= before) reasons.push({ reason: "killed", since: facts.killedAt });
  const silent = facts.askedAt === null || facts.askedAt <= before;
  const named = observed.bulkAt === null || observed.bulkAt <= before;
  if (silent && named && observed.anyAsked && facts.createdAt <= before)
    reasons.push({ reason: "never-asked", since: facts.askedAt ?? facts.createdAt });
  return reasons;
}
