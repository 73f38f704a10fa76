import { LIMITS } from "../../../shared/limits.ts";
import { roleIn } from "../../../shared/role-in.ts";
import { type Actor, roleCovers } from "../../../shared/schema/admin.ts";
import type { Purpose } from "../../../shared/schema/flag.ts";
import type { CallOutcome, Signal, SignalSource } from "../../../shared/schema/trigger.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  actorsAuthority,
  type Circumstances,
  change,
  changeableFlag,
  type Decision,
  decision,
  overLimit,
} from "../../objects/flag-store/decide/decision.ts";
import { mayChange } from "../../objects/flag-store/decide/rights.ts";
import type { Body, Row } from "../../objects/flag-store/entities.ts";
import { type Result, reject } from "../../result.ts";
import { roleOfPurpose } from "../kernel/flag-rights.ts";

/** Opens a secret URL that kills this flag, or one variant of it. Edges need not know: it is for the store alone. */
export function createTrigger(command: CommandOf<"createTrigger">, c: Circumstances): Result<Decision> {
  const { environment, flag: key, id, name, variant, hash, hint } = command;
  const flag = changeableFlag(command, c);
  if (!flag.ok) return flag;
  const refused = overLimit("triggersPerEnvironment", c.view.count("trigger", environment) + 1);
  if (refused) return reject(refused);
  if (variant !== undefined && !Object.hasOwn(flag.value.body.variants, variant)) {
    return reject({ code: "invalid", issues: [{ field: "variant", message: `"${key}" has no variant "${variant}"` }] });
  }
  const named = variant === undefined ? {} : { variant };
  const after = {
    flag: key,
    name,
    ...named,
    hash,
    hint,
    createdBy: c.actor.name,
    createdByRole: roleIn(actorsAuthority(c), environment),
  };
  return decision(change("trigger", environment, id, null, after), []);
}

export function deleteTrigger(command: CommandOf<"deleteTrigger">, c: Circumstances): Result<Decision> {
  const { environment, flag, id } = command;
  const row = c.view.get("trigger", environment, id);
  if (!row || row.body.flag !== flag) return reject({ code: "trigger-not-found", id });
  const forbidden = mayChange(actorsAuthority(c), environment, c.view.get("flag", "", flag)?.body.purpose);
  if (forbidden) return reject(forbidden);
  return decision(change("trigger", environment, id, row.body, null), []);
}

export const SOURCE_NAMES: Record<SignalSource, string> = {
  alertmanager: "Alertmanager",
  grafana: "Grafana",
  datadog: "Datadog",
  pagerduty: "PagerDuty",
  plain: "Called",
};

/** Who stands in the audit for what a trigger did. */
export const triggerActor = ({ key, body }: Row<"trigger">): Actor => ({
  type: "trigger",
  id: key,
  name: body.name,
  role: "engineer",
});

/**
 * Whether a trigger may say when the trouble began: only if its maker may. Of triggers that earlier versions stored the
 * maker's role is not known; those of a test's flag may be a marketer's.
 */
export const mayStateOnset = (
  { createdByRole }: Pick<Body<"trigger">, "createdByRole">,
  purpose: Purpose | undefined,
): boolean => roleCovers(createdByRole ?? (purpose ? roleOfPurpose(purpose) : "engineer"), "engineer");

/** What the store knows when a call comes. */
export interface CallFacts {
  now: number;
  /** Calls of this minute so far, counted apart for firing and other calls. */
  callsThisMinute: number;
  /** Outbreaks that have pulled this trigger before. */
  seen: ReadonlySet<string>;
  /** Whether what this trigger kills is killed already. */
  killed: boolean;
}

/**
 * What a call is to do; only `killed` means: kill now. Firing calls have a cap of their own, so that a tool that
 * chatters about resolved alerts cannot use up the one call that matters. An outbreak counts once, however often it
 * is repeated or replayed: after a restore, which is a person's word, only a new outbreak kills again.
 */
export function decideCall(signal: Signal, { now, callsThisMinute, seen, killed }: CallFacts): CallOutcome {
  if (callsThisMinute >= LIMITS.triggerCallsPerMinute) return "rate-limited";
  switch (signal.kind) {
    case "unrecognised":
    case "not-firing":
    case "test":
      return signal.kind;
    case "firing":
      if (signal.sentAt !== null && Math.abs(now - signal.sentAt) > LIMITS.triggerStaleMs) return "stale";
      if (killed) return "already-killed";
      if (signal.episodes.length > 0 && signal.episodes.every((one) => seen.has(one))) return "repeated";
      return "killed";
  }
}
