import { METRIC_WORDS } from "../../../shared/guard/metrics/words.ts";
import { percent, signed } from "../../../shared/guard/words.ts";
import type { GuardPoint, GuardTile } from "../../../shared/schema/guard.ts";
import type { Mark } from "../../domain/guard-marks.ts";
import type { Tone } from "../../domain/words/state-words.ts";
import { ChangeChart } from "./change-chart.tsx";

const HEALTH_WORDS: Record<GuardTile["health"], { text: string; tone: Tone }> = {
  collecting: { text: "Collecting", tone: "off" },
  healthy: { text: "Healthy", tone: "on" },
  breached: { text: "Harm", tone: "killed" },
};

interface MetricTileProps {
  tile: GuardTile;
  points: readonly GuardPoint[];
  marks: readonly Mark[];
  active: boolean;
}

/** One metric: how much it differs, how sure that is, what is tolerated, and how it came to this. */
export function MetricTile({ tile, points, marks, active }: MetricTileProps) {
  const { kind, metric, change, interval, tolerated, units, rate, confidence, basis } = tile;
  const health = HEALTH_WORDS[tile.health];
  const isMean = METRIC_WORDS[kind].happened === null;
  const control = rate.control;
  return (
    <section
      class={`guard-tile tone-${health.tone} ${active ? "" : "is-over"}`}
      aria-label={`${METRIC_WORDS[kind].name}: ${metric}`}
    >
      <header>
        <h2>{METRIC_WORDS[kind].name}</h2>
        <span class={`pill tone-${health.tone}`}>{health.text}</span>
      </header>
      <p class="guard-change">
        {change === null ? (rate.treatment === null ? "–" : rateWords(rate.treatment, isMean)) : signed(change)}
        <span class="muted">{control === null ? "no comparison" : "to those without"}</span>
      </p>
      {control !== null && (
        <p class="muted">
          {rate.treatment === null ? "–" : rateWords(rate.treatment, isMean)} with it, {rateWords(control, isMean)}{" "}
          without
        </p>
      )}
      <ChangeChart points={points} tolerated={basis === "concurrent" ? tolerated : null} marks={marks} />
      <p class="muted">
        {intervalWords(interval, basis)}
        {tolerated !== null &&
          `; tolerated ${basis === "concurrent" ? signed(tolerated) : rateWords(tolerated, isMean)}`}
      </p>
      <p class="hint">
        {units.treatment.toLocaleString("en")} people with it
        {units.control !== null && `, ${units.control.toLocaleString("en")} without`}; {Math.round(confidence * 100)} %
        sure at all times{basis === "weaker" && "; weaker, as nobody is compared at the same time"}
      </p>
    </section>
  );
}
const rateWords = (rate: number, isMean: boolean): string =>
  isMean ? `${Number(rate.toPrecision(3))}` : percent(rate);

function intervalWords({ low, high }: GuardTile["interval"], basis: GuardTile["basis"]): string {
  const words = basis === "concurrent" ? signed : (value: number) => rateWords(value, false);
  if ((low === null || low <= -1) && high === null) return "Too early to say";
  if (high === null) return `At least ${words(low ?? 0)}`;
  return low === null || low <= -1 ? `At most ${words(high)}` : `Between ${words(low)} and ${words(high)}`;
}
