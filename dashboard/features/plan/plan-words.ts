import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import type { StageHold } from "../../../shared/schema/guard.ts";
import type {
  HaltReason,
  PlanDefinition,
  PlanStage,
  PlanStatus,
  PlanStep,
  PlanWait,
} from "../../../shared/schema/plan.ts";
import { percent, type Tone } from "../../domain/words/state-words.ts";
import { exactly } from "../../domain/words/time-words.ts";

type Stages = Pick<PlanDefinition, "stages" | "holdback">;

const percentOf = (parts: number): string => percent((parts * 100) / SPLIT_TOTAL);

/** A stage in a word or two: "1 %", "Staff". */
export function stageName({ stages, holdback }: Stages, index: number): string {
  const stage = stages[index];
  if (!stage) return "";
  if (stage.name) return stage.name;
  const { audience } = stage;
  return "segment" in audience ? audience.segment : percentOf(Math.min(audience.share, SPLIT_TOTAL - holdback));
}

/** Who has the variant at a stage, as part of a sentence. */
export function audienceWords({ stages, holdback }: Stages, index: number): string {
  const reached = stages.slice(0, index + 1).map(({ audience }) => audience);
  const segments = [...new Set(reached.flatMap((audience) => ("segment" in audience ? [audience.segment] : [])))];
  const share = Math.min(
    Math.max(0, ...reached.map((audience) => ("share" in audience ? audience.share : 0))),
    SPLIT_TOTAL - holdback,
  );
  const named = segments.map((segment) => `the segment ${segment}`);
  if (share === SPLIT_TOTAL) return "everybody";
  if (share > 0) named.push(`${percentOf(share)} of everybody${named.length > 0 ? " else" : ""}`);
  return named.length > 0 ? named.join(" and ") : "nobody";
}

export const STATUS_WORDS: Record<PlanStatus, { text: string; tone: Tone }> = {
  running: { text: "Running", tone: "part" },
  paused: { text: "Paused", tone: "rules" },
  halted: { text: "Halted", tone: "killed" },
  completed: { text: "Completed", tone: "on" },
  "rolled-back": { text: "Rolled back", tone: "off" },
};

const HALT_WORDS: Record<HaltReason, string> = {
  killed: "The flag was killed. Choose the stage at which the plan goes on.",
  breached: "A guard took it back a stage. Choose the stage at which the plan goes on.",
  edited: "The plan's rules were changed by hand. Choose the stage at which the plan goes on.",
};

/** What the guard knows of the present stage: users in the smaller group, its state in a sentence, what holds the stage. */
export interface Seen {
  /** Null: nobody is counted yet. */
  units: number | null;
  reason: string;
  holds: readonly StageHold[];
}

/** The users in the group with the fewest; null while there is no group. */
export const smallestGroup = (exposed: Readonly<Record<string, number>>): number | null => {
  const counts = Object.values(exposed);
  return counts.length === 0 ? null : Math.min(...counts);
};

/** Why the plan stays where it is, a sentence each. */
export function waitWords(wait: PlanWait, now: number, seen: Seen | null): string {
  switch (wait.for) {
    case "time":
      return `At least ${durationWords((Date.parse(wait.until) - now) / 1_000)} more`;
    case "units":
      return seen === null || seen.units === null
        ? `Until ${count(wait.atLeast)} users have been exposed in each group`
        : `${count(seen.units)} of ${count(wait.atLeast)} users in the smaller group${seen.units >= wait.atLeast ? ": enough" : " so far"}`;
    case "guards":
      return guardsWords(wait.events, seen);
    case "person":
      return "Then waits for somebody to advance it";
    case "freeze":
      return `Frozen until ${exactly(wait.until)}: ${wait.name}`;
    case "restore":
      return "The flag is killed: nothing is live until it is restored";
    case "enabling":
      return "The flag is switched off: nothing is live";
    case "resume":
      return "Paused: what is live stays live until somebody resumes it";
    case "choice":
      return HALT_WORDS[wait.reason];
  }
}

/** Why the guards hold the stage; what they would need to hear where nobody knows yet. */
function guardsWords(events: readonly (string | null)[], seen: Seen | null): string {
  const needs = "Advances only while its metrics receive events and show no regression";
  const holds = seen?.holds.filter((hold) => hold.for !== "units") ?? [];
  if (holds.length > 0) return `Waits: ${holds.map(holdWords).join("; ")}`;
  if (seen) return `${needs}. Now: ${seen.reason}`;
  const named = events.filter((event) => event !== null);
  return named.length === 0 ? needs : `${needs} (${named.join(", ")})`;
}

function holdWords(hold: StageHold): string {
  switch (hold.for) {
    case "units":
      return `${count(hold.units)} of ${count(hold.atLeast)} users in the smaller group`;
    case "event":
      return hold.event === null
        ? `for any event (${hold.metrics.join(", ")})`
        : `for the event "${hold.event}" (${hold.metrics.join(", ")})`;
    case "outcomes":
      return `${hold.metric} has outcomes of ${count(hold.units)} users in the smaller group, ${count(hold.atLeast)} are needed`;
    case "regression":
      return `${hold.metric} shows a regression`;
  }
}

const STEP_WORDS: Record<PlanStep["what"], string> = {
  started: "Started at",
  advanced: "Went on to",
  paused: "Paused at",
  resumed: "Went on at",
  halted: "Halted at",
  "stepped-back": "Taken back to",
  "rolled-back": "Rolled back from",
  completed: "Completed at",
  "clock-set-back": "The server's clock was set back; began anew at",
};
export const stepWords = (plan: Stages, step: PlanStep): string =>
  `${STEP_WORDS[step.what]} ${stageName(plan, step.stage)}`;

const UNITS: [name: string, seconds: number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** "2 hours 30 minutes": the two largest units, rounded up so that nothing is ready before its time. */
export function durationWords(seconds: number): string {
  let rest = Math.max(0, Math.ceil(seconds));
  if (rest === 0) return "no time";
  const largest = UNITS.findIndex(([, length]) => rest >= length);
  const [, finest = 1] = UNITS[Math.min(largest + 1, UNITS.length - 1)] ?? [];
  rest = Math.ceil(rest / finest) * finest;
  const parts: string[] = [];
  for (const [name, length] of UNITS) {
    const n = Math.floor(rest / length);
    if (n > 0 && parts.length < 2) parts.push(`${n} ${name}${n === 1 ? "" : "s"}`);
    rest -= n * length;
  }
  return parts.join(" ");
}

export const count = (n: number): string => n.toLocaleString("en");

export const leastSeconds = (stages: readonly PlanStage[]): number =>
  stages.reduce((sum, { minimumSeconds }) => sum + minimumSeconds, 0);
