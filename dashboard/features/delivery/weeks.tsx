import type { Dora } from "../../../shared/schema/delivery.ts";
import { durationWords } from "../../domain/words/duration-words.ts";

/** The figures by week, the latest first: what the bars show, in numbers. */
export function Weeks({ figures }: { figures: Dora }) {
  const duration = (ms: number | null) => (ms === null ? "–" : durationWords(ms));
  return (
    <section class="card stack" aria-labelledby="weeks">
      <h2 id="weeks">By week</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <section class="weeks-scroll" tabIndex={0} aria-label="Figures by week">
        <table class="weeks">
          <thead>
            <tr>
              <th scope="col">Week of</th>
              <th scope="col">Deployed</th>
              <th scope="col">Released</th>
              <th scope="col">Failed</th>
              <th scope="col">Lead time</th>
              <th scope="col">Restored in</th>
            </tr>
          </thead>
          <tbody>
            {[...figures.weeks].reverse().map((week) => (
              <tr key={week.week}>
                <th scope="row">{week.week}</th>
                <td>{week.deployments}</td>
                <td>{week.releases}</td>
                <td class={week.failed > 0 ? "is-bad" : undefined}>{week.failed}</td>
                <td>{duration(week.leadTimeMs)}</td>
                <td>{duration(week.restoreMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}
