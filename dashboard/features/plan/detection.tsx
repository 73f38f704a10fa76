import { useSignal } from "@preact/signals";
import type { MetricWords } from "../../../shared/guard/metrics/metric-words.ts";
import { METRIC_WORDS } from "../../../shared/guard/metrics/words.ts";
import { splitAlpha } from "../../../shared/guard/statistics/alpha.ts";
import { detectability, detectableRate } from "../../../shared/guard/statistics/power.ts";
import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import { shareAt } from "../../../shared/release/plan.ts";
import type { PlanDefinition } from "../../../shared/schema/plan.ts";
import type { MetricKind } from "../../../shared/schema/series.ts";
import { percent } from "../../domain/words/state-words.ts";
import { NumberBox } from "../../ui/number-box.tsx";
import type { PlanPlace } from "./plan-store.ts";
import { count, durationWords, stageName } from "./plan-words.ts";
import { useTraffic } from "./traffic.ts";

/** People an hour where nobody knows better. */
const GUESS = 1_000;

/** What is asked about unless told otherwise, by metrics that count a share. */
const HARM: Partial<Record<MetricKind, Rates>> = Object.fromEntries(
  Object.entries(METRIC_WORDS).flatMap(([kind, { harm }]) => (harm ? [[kind, harm]] : [])),
);
const NO_HARM: Rates = { today: 0, harmed: 0, worse: "more" };
type Rates = NonNullable<MetricWords["harm"]>;

/**
 * What each stage can notice: after how many people, and how long that takes at the present traffic, or at another that
 * is typed. By the same code as the guard's.
 */
export function Detection({ plan, place }: { plan: PlanDefinition; place: PlanPlace }) {
  const { traffic, ask } = useTraffic(place);
  const typed = useSignal<number | null>(null);
  const measured = traffic?.perHour ?? null;
  const perHour = typed.value ?? measured ?? GUESS;
  const rates = useSignal(HARM);
  const guards = plan.stages.flatMap((stage) => stage.guards.filter(({ kind }) => HARM[kind]));
  const kinds = [...new Set(guards.map(({ kind }) => kind))];
  const stages = plan.stages.map((_, index) => index).filter((index) => isCompared(plan, index));
  if (kinds.length === 0 || stages.length === 0)
    return (
      <p class="muted">
        {kinds.length === 0
          ? "Without guards nothing is noticed."
          : "No stage has people with and without the release at once, so only plain budgets are watched: much less is noticed. A holdback changes that."}
      </p>
    );
  return (
    <details
      class="detection"
      onToggle={(event) => {
        if (event.currentTarget.open) void ask();
      }}
    >
      <summary>What would each stage notice?</summary>
      <p class="detection-inputs">
        <NumberBox
          label="New people per hour"
          value={perHour}
          unit="new people per hour come to this flag"
          set={(value) => {
            typed.value = value;
          }}
        />
        {measured !== null && typed.value !== null && typed.value !== measured && (
          <button
            type="button"
            class="button button-small"
            onClick={() => {
              typed.value = null;
            }}
          >
            {`Take what was measured: ${count(measured)}`}
          </button>
        )}
      </p>
      <p class="hint" role="status">
        {traffic?.words ?? "Reading the traffic…"}
      </p>
      {kinds.map((kind) => {
        const known = rates.value[kind] ?? NO_HARM;
        const set = (change: object) => {
          rates.value = { ...rates.value, [kind]: { ...known, ...change } };
        };
        const name = METRIC_WORDS[kind].name;
        return (
          <p key={kind} class="detection-inputs">
            {name}: from
            <NumberBox
              label={`${name} today, in per cent`}
              value={known.today}
              unit="%"
              set={(value) => set({ today: value })}
            />
            to
            <NumberBox
              label={`${name} then, in per cent`}
              value={known.harmed}
              unit="%"
              set={(value) => set({ harmed: value })}
            />
          </p>
        );
      })}
      <table class="detection-table">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            {kinds.map((kind) => (
              <th key={kind} scope="col">
                {METRIC_WORDS[kind].name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {stages.map((index) => (
            <tr key={stageName(plan, index)}>
              <th scope="row">{stageName(plan, index)}</th>
              {kinds.map((kind) => (
                <td key={kind}>
                  <Cell
                    plan={plan}
                    stage={index}
                    kind={kind}
                    rates={rates.value[kind] ?? NO_HARM}
                    perMinute={perHour / 60}
                  />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="hint">
        On average, counting people with and without the release together. If nothing is wrong, the whole plan is taken
        back by mistake with a probability of at most {percent(plan.alpha * 100)}.
      </p>
    </details>
  );
}

interface CellProps {
  plan: PlanDefinition;
  stage: number;
  kind: MetricKind;
  rates: Rates;
  perMinute: number;
}

function Cell({ plan, stage, kind, rates, perMinute }: CellProps) {
  const { guards, minimumSeconds } = plan.stages[stage] ?? { guards: [], minimumSeconds: 0 };
  const metric = guards.find((guard) => guard.kind === kind);
  if (!metric) return <span class="muted">not watched</span>;
  // As guard-tests.ts has it, whose schemas a browser need not load.
  const [harm, ratio] =
    rates.worse === "fewer"
      ? (["fewer", Math.max(0.01, 1 - metric.tolerance)] as const)
      : (["more", 1 + metric.tolerance] as const);
  const test = { share: shareAt(plan, stage) / SPLIT_TOTAL, ratio, harm };
  const level = splitAlpha({
    alpha: plan.alpha,
    stages: plan.stages.length,
    entry: stage + 1,
    metrics: guards.length,
    arms: 1,
  }).comparison;
  const control = clamp(rates.today);
  const { units, minutes } = detectability(test, { control, treatment: clamp(rates.harmed) }, level, perMinute);
  const seen = detectableRate(test, control, level, (perMinute * minimumSeconds) / 60);
  return (
    <>
      {Number.isFinite(units) ? (
        <strong>
          {`${count(Math.ceil(units))} people`}
          {minutes !== null && `, ${durationWords(minutes * 60)}`}
        </strong>
      ) : (
        <strong>tolerated</strong>
      )}
      <span class="muted">
        {seen === null
          ? `in ${durationWords(minimumSeconds)}: nothing`
          : `in ${durationWords(minimumSeconds)}: ${percent(control * 100)} → ${percent(Number((seen * 100).toPrecision(2)))}`}
      </span>
    </>
  );
}

/** Rates at the very ends would need no test. */
const clamp = (percent: number): number => Math.min(0.999, Math.max(0.000_1, percent / 100));

const isCompared = (plan: PlanDefinition, stage: number): boolean => {
  const share = shareAt(plan, stage);
  return share > 0 && share < SPLIT_TOTAL;
};
