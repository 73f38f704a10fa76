import { percent } from "../../../shared/demand/demand.ts";
import type { TestResults } from "../../../shared/schema/test-results.ts";

type Day = NonNullable<TestResults["demand"]>["overTime"][number];
const [WIDTH, HEIGHT] = [600, 160];

/** The rate of everybody up to each day, with its interval narrowing around it. */
export function RateChart({ days, bar }: { days: Day[]; bar: number }) {
  const known = days.map(({ rate, interval }) => ({
    rate: rate ?? 0,
    lower: interval.lower,
    // An upper end that nobody knows yet would flatten everything else.
    upper: interval.upper < 1 ? interval.upper : null,
  }));
  const top = Math.max(bar * 1.5, ...known.map(({ rate, upper }) => Math.max(rate * 1.3, upper ?? 0)));
  const x = (index: number) => (index * WIDTH) / Math.max(1, days.length - 1);
  const y = (share: number) => HEIGHT - (Math.min(share, top) * HEIGHT) / top;
  const line = known.map(({ rate }, index) => `${x(index)},${y(rate)}`).join(" ");
  const upper = known.map((day, index) => `${x(index)},${y(day.upper ?? top)}`);
  const lower = known.map((day, index) => `${x(index)},${y(day.lower)}`).reverse();
  const [first, last] = [days[0], days.at(-1)];
  return (
    <figure class="rate-chart">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <polygon class="rate-band" points={[...upper, ...lower].join(" ")} />
        <line class="rate-goal" x1="0" x2={WIDTH} y1={y(bar)} y2={y(bar)} />
        <polyline class="rate-line" points={line} />
      </svg>
      <figcaption class="row">
        <span>{first?.day}</span>
        <span class="muted">{`rate so far, its interval, and the bar of ${percent(bar)}`}</span>
        <span>{last?.day}</span>
      </figcaption>
    </figure>
  );
}
