import { METRIC_WORDS } from "../../../shared/guard/metrics/words.ts";
import { changeWords, percent, seenWords, signed } from "../../../shared/guard/words.ts";
import type { GuardPoint, GuardTile, Verdict } from "../../../shared/schema/guard.ts";
import type { Mark } from "../../domain/guard-marks.ts";
import type { Tone } from "../../domain/words/state-words.ts";
import { ChangeChart } from "./change-chart.tsx";

const VERDICT_WORDS: Record<Verdict, { text: string; tone: Tone }> = {
  "no-data": { text: "No data", tone: "part" },
  inconclusive: { text: "Inconclusive", tone: "off" },
  "no-harm-found": { text: "No harm found", tone: "on" },
  regression: { text: "Regression", tone: "killed" },
};

interface MetricTileProps {
  tile: GuardTile;
  points: readonly GuardPoint[];
  marks: readonly Mark[];
  active: boolean;
}

/** One metric: what may be said of it, how much it differs, how sure that is, what is tolerated, and how it came to this. */
export function MetricTile({ tile, points, marks, active }: MetricTileProps) {
  const { kind, metric, change, tolerated, units, rate, confidence, basis, verdict } = tile;
  const { text, tone } = VERDICT_WORDS[verdict];
  const isMean = METRIC_WORDS[kind].happened === null;
  const control = rate.control;
  const write = (value: number | null) => (value === null ? "–" : rateWords(value, isMean));
  return (
    <section
      class={`guard-tile tone-${tone} ${active ? "" : "is-over"}`}
      aria-label={`${METRIC_WORDS[kind].name}: ${metric}`}
    >
      <header>
        <h2>{METRIC_WORDS[kind].name}</h2>
        <span class={`pill tone-${tone}`}>{text}</span>
      </header>
      {verdict === "no-data" ? (
        <p>{noDataWords(tile)}</p>
      ) : (
        <>
          <p class="guard-change">
            {change === null ? write(rate.treatment) : signed(change)}
            <span class="muted">
              {control === null ? "no comparison" : change === null ? "no rate to compare with" : "vs. control"}
            </span>
          </p>
          {control !== null && (
            <p class="muted">{`${write(rate.treatment)} with it, ${write(control)} in the control`}</p>
          )}
          <ChangeChart points={points} tolerated={tolerated} isRate={basis === "weaker"} marks={marks} />
          <p class="muted">
            {intervalWords(tile)}
            {tolerated !== null &&
              `; tolerated ${basis === "concurrent" ? signed(tolerated) : rateWords(tolerated, isMean)}`}
          </p>
          {seenWords(tile) !== "" && <p>{seenWords(tile)}</p>}
        </>
      )}
      <p class="hint">
        {units.treatment.toLocaleString("en")} users with it
        {units.control !== null && `, ${units.control.toLocaleString("en")} in the control`};{" "}
        {Math.round(confidence * 100)} % sure at all times
        {basis === "weaker" && "; weaker, as nobody is compared at the same time"}
      </p>
    </section>
  );
}

const rateWords = (rate: number, isMean: boolean): string =>
  isMean ? `${Number(rate.toPrecision(3))}` : percent(rate);

/** Whose events are missing. */
function noDataWords({ arm, reported }: GuardTile): string {
  if (reported.treatment + (reported.control ?? 0) === 0) return "Nobody has reported an event for it.";
  return reported.treatment === 0
    ? `Nobody with ${arm} has reported an event for it.`
    : "Nobody in the control has reported an event for it.";
}

function intervalWords({ interval: { low, high }, basis }: GuardTile): string {
  const words = basis === "concurrent" ? changeWords : (value: number) => rateWords(value, false);
  if ((low === null || low <= -1) && high === null) return "Too early to say";
  if (high === null) return `At least ${words(low ?? 0)}`;
  return low === null || low <= -1 ? `At most ${words(high)}` : `Between ${words(low)} and ${words(high)}`;
}
