import type { Cause, Dora } from "../../../shared/schema/delivery.ts";
import { durationWords } from "../../domain/words/duration-words.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";

const CAUSE_WORDS: Record<Cause, string> = {
  person: "by a person",
  guard: "by its guard",
  trigger: "by monitoring",
  schedule: "by a schedule",
};

/** What was taken back, by whom, and how long people had the trouble. */
export function Incidents({ project, figures }: { project: string; figures: Dora }) {
  const { incidents, environment } = figures;
  return (
    <section class="card stack" aria-labelledby="incidents">
      <h2 id="incidents">Taken back</h2>
      {incidents.length === 0 && <p class="muted">Nothing was killed or put back in this time.</p>}
      <ol class="plain-list">
        {incidents.map((one) => (
          <li key={`${one.revision} ${one.flag}`}>
            <span>
              <a href={`/p/${project}/flags/${one.flag}?env=${environment}`}>{one.flag}</a> {CAUSE_WORDS[one.cause]},{" "}
              <time title={exactly(one.killedAt)}>{ago(one.killedAt)}</time>{" "}
              <a
                href={`/p/${project}/incidents/${one.revision}?env=${environment}&flag=${encodeURIComponent(one.flag)}`}
                aria-label={`Incident, revision ${one.revision}`}
              >
                Incident
              </a>
            </span>
            <span class={one.restoreMs === null ? "muted" : undefined}>
              {one.restoreMs !== null
                ? `restored in ${durationWords(one.restoreMs)}`
                : one.onsetAt === null
                  ? "onset not known"
                  : "not confirmed at the edge"}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
