interface Bar {
  /** Monday, such as 2026-11-23. */
  week: string;
  /** Null: nothing to measure that week. */
  value: number | null;
  /** A part of the value that stands out. */
  bad?: number;
}

const HEIGHT = 56;

/** One bar a week, the latest on the right. The figures themselves stand in the table beneath. */
export function WeekBars({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const most = Math.max(...bars.map(({ value }) => value ?? 0), 0);
  const step = 100 / Math.max(bars.length, 1);
  const tall = (value: number) => (most === 0 ? 0 : (value / most) * (HEIGHT - 4));
  return (
    <svg class="week-bars" viewBox={`0 0 100 ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <line x1="0" x2="100" y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} class="week-base" />
      {bars.map(({ week, value, bad = 0 }, index) => {
        if (value === null || value === 0) return null;
        const x = index * step + step * 0.15;
        const height = Math.max(tall(value), 2);
        return (
          <g key={week}>
            <rect class="week-bar" x={x} width={step * 0.7} y={HEIGHT - height} height={height} />
            {bad > 0 && (
              <rect
                class="week-bar is-bad"
                x={x}
                width={step * 0.7}
                y={HEIGHT - Math.max(tall(bad), 2)}
                height={Math.max(tall(bad), 2)}
              />
            )}
          </g>
        );
      })}
    </svg>
  );
}
