import { percent } from "../../../shared/resilience/words.ts";
import type { ResilienceWeek } from "../../../shared/schema/resilience.ts";

/** How releases were made, week by week, the latest first. */
export function Trend({ weeks }: { weeks: readonly ResilienceWeek[] }) {
  const most = Math.max(1, ...weeks.map(({ releases }) => releases));
  return (
    <section class="card stack" aria-labelledby="trend">
      <div>
        <h2 id="trend">Trend</h2>
        <p class="muted">In one step: at least half of all users at once.</p>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section class="weeks-scroll" tabIndex={0} aria-label="Releases by week">
        <table class="weeks trend">
          <thead>
            <tr>
              <th scope="col">Week of</th>
              <th scope="col">Releases</th>
              <th scope="col">By plan</th>
              <th scope="col">In one step</th>
              <th scope="col">Largest step</th>
              <th scope="col">Taken back</th>
              <th scope="col">People</th>
            </tr>
          </thead>
          <tbody>
            {[...weeks].reverse().map((week) => (
              <tr key={week.week}>
                <th scope="row">{week.week}</th>
                <td>
                  <span class="trend-releases">
                    <TrendBar {...week} most={most} />
                    {week.releases}
                  </span>
                </td>
                <td>{week.byPlan}</td>
                <td class={week.inOneStep > 0 ? "is-bad" : undefined}>{week.inOneStep}</td>
                <td>{percent(week.largestStep)}</td>
                <td>{week.takenBack}</td>
                <td>{week.people}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

const WIDTH = 64;

/** Releases of a week beside the others', with those in one step standing out. Decoration: the numbers stand beside it. */
function TrendBar({ releases, inOneStep, most }: ResilienceWeek & { most: number }) {
  const wide = (n: number) => (n / most) * WIDTH;
  return (
    <svg class="trend-bar" width={WIDTH} height="8" aria-hidden="true">
      <rect class="trend-all" width={wide(releases)} height="8" rx="2" />
      <rect class="trend-step" width={wide(Math.min(inOneStep, releases))} height="8" rx="2" />
    </svg>
  );
}
