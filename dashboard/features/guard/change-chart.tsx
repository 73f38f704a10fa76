import type { GuardPoint } from "../../../shared/schema/guard.ts";
import type { Mark } from "../../domain/guard-marks.ts";
import { exactly } from "../../domain/words/time-words.ts";

interface ChangeChartProps {
  points: readonly GuardPoint[];
  /** Beyond this line it is harm. */
  tolerated: number | null;
  marks: readonly Mark[];
}

const WIDTH = 260;
const HEIGHT = 72;
/** Differences beyond this are drawn at the edge: what matters is near the tolerated line. */
const FURTHEST = 2;

/** The difference over time with its interval, what is tolerated, and every change of the flag. */
export function ChangeChart({ points, tolerated, marks }: ChangeChartProps) {
  const known = points.filter((point) => point.change !== null);
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last || known.length < 2)
    return <div class="guard-chart guard-chart-empty">The curve begins soon</div>;
  const reach = Math.min(
    FURTHEST,
    Math.max(0.1, Math.abs(tolerated ?? 0) * 1.5, ...known.map(({ change }) => Math.abs(change ?? 0))),
  );
  const x = (at: number) => ((at - first.at) / Math.max(1, last.at - first.at)) * WIDTH;
  const y = (change: number) => HEIGHT / 2 - (Math.max(-reach, Math.min(reach, change)) / reach) * (HEIGHT / 2 - 4);
  const line = known.map(({ at, change }) => `${x(at).toFixed(1)},${y(change ?? 0).toFixed(1)}`).join(" ");
  const upper = known.map(({ at, high }) => `${x(at).toFixed(1)},${y(high ?? reach).toFixed(1)}`);
  const lower = known.map(({ at, low }) => `${x(at).toFixed(1)},${y(low ?? -reach).toFixed(1)}`);
  const inside = marks.filter(({ at }) => at >= first.at && at <= last.at);
  return (
    <svg
      class="guard-chart"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Difference over time${inside.length > 0 ? `, with ${inside.length} changes of the flag` : ""}`}
    >
      <polygon class="guard-band" points={[...upper, ...lower.toReversed()].join(" ")} />
      <line class="guard-zero" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />
      {tolerated !== null && <line class="guard-limit" x1={0} x2={WIDTH} y1={y(tolerated)} y2={y(tolerated)} />}
      {inside.map(({ at, words }) => (
        <line key={`${at} ${words}`} class="guard-mark" x1={x(at)} x2={x(at)} y1={0} y2={HEIGHT}>
          <title>{`${exactly(new Date(at).toISOString())}: ${words}`}</title>
        </line>
      ))}
      <polyline class="guard-line-now" points={line} />
    </svg>
  );
}
