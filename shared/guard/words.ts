import type { BreachEvidence, GuardTile, SilentEvent } from "../schema/guard.ts";
import { METRIC_WORDS } from "./metrics/words.ts";

type Numbers = Pick<GuardTile, "arm" | "metric" | "kind" | "units" | "rate" | "change" | "interval" | "confidence">;

/** A share as people read it: two significant digits. */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
export const signed = (change: number): string =>
  `${change > 0 ? "+" : change < 0 ? "−" : "±"}${percent(Math.abs(change))}`;

/** A relative change; from four times on, as a multiple. */
export const changeWords = (change: number): string =>
  change >= 3 ? `× ${Number((1 + change).toPrecision(2)).toLocaleString("en")}` : signed(change);

/** What was counted, in a sentence: `"errors": 5 % of 1,000 users with "on" failed, 1 % of 9,000 with the control`. */
export function numbersWords({ arm, metric, kind, units, rate }: Numbers): string {
  const many = (count: number) => count.toLocaleString("en");
  const ours = rate.treatment ?? 0;
  const theirs = units.control === null ? null : (rate.control ?? 0);
  const { happened } = METRIC_WORDS[kind];
  if (happened === null) {
    const round = (value: number) => Number(value.toPrecision(4)).toLocaleString("en");
    const control = theirs === null ? "" : `, ${round(theirs)} over ${many(units.control ?? 0)} with the control`;
    return `${metric}: ${round(ours)} on average over ${many(units.treatment)} users with "${arm}"${control}`;
  }
  const control = theirs === null ? "" : `, ${percent(theirs)} of ${many(units.control ?? 0)} with the control`;
  return `${metric}: ${percent(ours)} of ${many(units.treatment)} users with "${arm}" ${happened}${control}`;
}

/**
 * How small a harm would have been seen by now: what the silence of a guard is worth. Empty where nothing can be said:
 * for means, and without users to compare with.
 */
export function seenWords({ verdict, seen, rate, units, reported }: Seen): string {
  if (verdict === "regression" || verdict === "no-data" || units.control === null) return "";
  if (seen === null) return reported.treatment > 0 && rate.control !== null ? "Too few users to see any harm yet." : "";
  const control = rate.control ?? 0;
  const change = seen < control ? "fall" : "rise";
  return `By now a ${change} from ${percent(control)} to ${percent(seen)} would have been seen.`;
}
type Seen = Pick<GuardTile, "verdict" | "seen" | "rate" | "units" | "reported">;

/** The interval in words; empty while it says nothing. */
export function intervalWords({ interval, confidence, units }: Numbers): string {
  const { low, high } = interval;
  if (low === null && high === null) return "";
  const write = units.control === null ? percent : changeWords;
  const ends = high === null ? `at least ${write(low ?? 0)}` : `${write(low ?? 0)} to ${write(high)}`;
  return `${ends}, ${percent(confidence)} sure at any time`;
}

const TEST: Record<BreachEvidence["test"], string> = {
  comparison: "compared with the control at the same time",
  "circuit-breaker": "circuit breaker",
  budget: "over its budget, without a control at the same time",
  "before-after": "compared with what came before, without a control at the same time",
};

/**
 * How strong evidence is, for people: how rarely chance alone shows as much. An e-value of 2,200 happens at most once
 * in 2,200 harmless releases (Ville's inequality).
 */
export function evidenceWords(logEvidence: number, alpha: number): string {
  const oneIn = (times: number) => `1 in ${Number(times.toPrecision(2)).toLocaleString("en")}`;
  const needed = `${oneIn(1 / alpha)} is needed`;
  if (logEvidence > Math.log(1e9)) return `strong evidence: less than 1 in a billion by chance, ${needed}`;
  return `strong evidence: ${oneIn(Math.exp(logEvidence))} by chance, ${needed}`;
}

/** That a guard listens in vain, and for what. */
export function silentWords({ event, metrics }: SilentEvent, exposed: number): string {
  const what = event === null ? "No event" : `No event "${event}"`;
  const who = exposed === 1 ? "the 1 exposed user" : `any of ${exposed.toLocaleString("en")} exposed users`;
  return `${what} has arrived from ${who}, so ${metrics.join(", ")} cannot be judged.`;
}

/** The comment of the audit row: everything by which a person can check the decision. */
export function breachWords(evidence: BreachEvidence): string {
  const interval = intervalWords(evidence);
  return `${numbersWords(evidence)} (${TEST[evidence.test]}${interval === "" ? "" : `; difference ${interval}`}; ${evidenceWords(evidence.logEvidence, evidence.alpha)})`;
}
