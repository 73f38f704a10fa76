import { useSignal } from "@preact/signals";
import { changeWords, percent } from "../../../shared/guard/words.ts";
import type { GuardPoint } from "../../../shared/schema/guard.ts";
import type { Mark } from "../../domain/guard-marks.ts";

interface ChangeChartProps {
  points: readonly GuardPoint[];
  /** Beyond this line it is harm. */
  tolerated: number | null;
  /** Points are rates instead of changes: there is no control to compare with. */
  isRate: boolean;
  marks: readonly Mark[];
}

const WIDTH = 260;
const HEIGHT = 72;
/** Differences beyond this are drawn at the edge: what matters is near the tolerated line. */
const FURTHEST = 2;
/** Marks that are named beneath the chart; the latest ones. */
const NAMED = 3;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dated = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const DAY_MS = 86_400_000;

/** The difference over time with its interval, what is tolerated, and every change of the flag. */
export function ChangeChart({ points, tolerated, isRate, marks }: ChangeChartProps) {
  /** The point under the pointer. */
  const hovered = useSignal<number | null>(null);
  const known = points.filter((point) => point.change !== null);
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || known.length < 2)
    return <div class="guard-chart guard-chart-empty">The chart begins with the second measurement</div>;
  const scale = scaleOf(known, tolerated, isRate);
  const x = (at: number) => ((at - first.at) / Math.max(1, last.at - first.at)) * WIDTH;
  const y = (value: number) => {
    const inside = Math.max(scale.least, Math.min(scale.most, value));
    return HEIGHT - 4 - ((inside - scale.least) / (scale.most - scale.least)) * (HEIGHT - 8);
  };
  const line = known.map(({ at, change }) => `${x(at).toFixed(1)},${y(change ?? 0).toFixed(1)}`).join(" ");
  const upper = known.map(({ at, high }) => `${x(at).toFixed(1)},${y(high ?? scale.most).toFixed(1)}`);
  const lower = known.map(({ at, low }) => `${x(at).toFixed(1)},${y(low ?? scale.least).toFixed(1)}`);
  const inside = marks.filter(({ at }) => at >= first.at && at <= last.at);
  const write = isRate ? percent : changeWords;
  const time = (at: number) => (last.at - first.at < DAY_MS ? clock : dated).format(at);
  const shown = known[hovered.value ?? known.length - 1] ?? known.at(-1);
  const point = (event: PointerEvent & { currentTarget: Element }) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const at = first.at + ((event.clientX - left) / width) * (last.at - first.at);
    hovered.value = nearest(known, at);
  };
  return (
    <figure class="guard-figure">
      <div class="guard-plot">
        <div class="guard-axis" aria-hidden="true">
          <span>{write(scale.most)}</span>
          {!isRate && <span>{write(0)}</span>}
          <span>{write(scale.least)}</span>
        </div>
        <svg
          class="guard-chart"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${isRate ? "Rate" : "Difference"} from ${time(first.at)} to ${time(last.at)}${inside.length > 0 ? `, with ${inside.length === 1 ? "1 change" : `${inside.length} changes`} of the flag` : ""}`}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => {
            hovered.value = null;
          }}
        >
          <polygon class="guard-band" points={[...upper, ...lower.toReversed()].join(" ")} />
          <line class="guard-zero" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
          {tolerated !== null && <line class="guard-limit" x1={0} x2={WIDTH} y1={y(tolerated)} y2={y(tolerated)} />}
          {inside.map(({ at, kind, words }) => (
            <line
              key={`${at} ${words}`}
              class={`guard-mark guard-mark-${kind}`}
              x1={x(at)}
              x2={x(at)}
              y1={0}
              y2={HEIGHT}
            />
          ))}
          <polyline class="guard-line-now" points={line} />
          {hovered.value !== null && shown && (
            <line class="guard-hover" x1={x(shown.at)} x2={x(shown.at)} y1={0} y2={HEIGHT} />
          )}
        </svg>
        <div class="guard-times" aria-hidden="true">
          <span>{time(first.at)}</span>
          <span>{time(last.at)}</span>
        </div>
      </div>
      {shown && (
        <figcaption class="hint">
          {`${time(shown.at)}: ${write(shown.change ?? 0)}${rangeWords(shown, write)}`}
        </figcaption>
      )}
      {inside.length > 0 && (
        <ul class="guard-marks">
          {inside.slice(-NAMED).map(({ at, kind, words }) => (
            <li key={`${at} ${words}`}>
              <span class={`guard-key guard-mark-${kind}`} /> {`${time(at)} ${words}`}
            </li>
          ))}
        </ul>
      )}
    </figure>
  );
}

function scaleOf(known: readonly GuardPoint[], tolerated: number | null, isRate: boolean) {
  const values = known.map(({ change }) => Math.abs(change ?? 0));
  const reach = Math.min(
    isRate ? 1 : FURTHEST,
    Math.max(isRate ? 0.01 : 0.1, Math.abs(tolerated ?? 0) * 1.5, ...values),
  );
  return isRate ? { least: 0, most: reach } : { least: -Math.min(1, reach), most: reach };
}

function nearest(known: readonly GuardPoint[], at: number): number {
  let best = 0;
  for (const [index, point] of known.entries())
    if (Math.abs(point.at - at) < Math.abs((known[best]?.at ?? 0) - at)) best = index;
  return best;
}

const rangeWords = ({ low, high }: GuardPoint, write: (value: number) => string): string =>
  low === null && high === null ? "" : ` (${low === null ? "…" : write(low)} to ${high === null ? "…" : write(high)})`;
