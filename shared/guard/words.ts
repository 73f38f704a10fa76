import type { BreachEvidence, GuardTile } from "../schema/guard.ts";
import { METRIC_WORDS } from "./metrics/words.ts";

type Numbers = Pick<GuardTile, "arm" | "metric" | "kind" | "units" | "rate" | "change" | "interval" | "confidence">;

/** A share as people read it: two significant digits. */
export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;
export const signed = (change: number): string =>
  `${change > 0 ? "+" : change < 0 ? "−" : "±"}${percent(Math.abs(change))}`;

/** A relative change; from four times on, as a multiple. */
export const changeWords = (change: number): string =>
  change >= 3 ? `× ${Number((1 + change).toPrecision(2)).toLocaleString("en")}` : signed(change);

/** What was counted, in a sentence: `"errors": 5 % of 1,000 units with "on" failed, 1 % of 9,000 with the control`. */
export function numbersWords({ arm, metric, kind, units, rate }: Numbers): string {
  const many = (count: number) => count.toLocaleString("en");
  const ours = rate.treatment ?? 0;
  const theirs = units.control === null ? null : (rate.control ?? 0);
  const { happened } = METRIC_WORDS[kind];
  if (happened === null) {
    const round = (value: number) => Number(value.toPrecision(4)).toLocaleString("en");
    const control = theirs === null ? "" : `, ${round(theirs)} over ${many(units.control ?? 0)} with the control`;
    return `${metric}: ${round(ours)} on average over ${many(units.treatment)} units with "${arm}"${control}`;
  }
  const control = theirs === null ? "" : `, ${percent(theirs)} of ${many(units.control ?? 0)} with the control`;
  return `${metric}: ${percent(ours)} of ${many(units.treatment)} units with "${arm}" ${happened}${control}`;
}

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

/** The comment of the audit row: everything by which a person can check the decision. */
export function breachWords(evidence: BreachEvidence): string {
  const evalue = Math.exp(Math.min(evidence.logEvidence, 700)).toExponential(1);
  const interval = intervalWords(evidence);
  return `${numbersWords(evidence)} (${TEST[evidence.test]}${interval === "" ? "" : `; difference ${interval}`}; e-value ${evalue}, needed ${(1 / evidence.alpha).toExponential(1)})`;
}
