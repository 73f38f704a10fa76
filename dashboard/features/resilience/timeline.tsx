import type { IncidentMoment, IncidentPage } from "../../../shared/schema/resilience.ts";
import { durationWords } from "../../domain/words/duration-words.ts";
import { exactly } from "../../domain/words/time-words.ts";

const TONE: Record<IncidentMoment["what"], string> = {
  released: "tone-part",
  onset: "tone-killed",
  "taken-back": "tone-killed",
  published: "tone-off",
  served: "tone-off",
  confirmed: "tone-on",
  restored: "tone-part",
  "released-again": "tone-part",
};

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** What happened, in order, each with its distance from the kill. */
export function Timeline({ incident }: { incident: IncidentPage }) {
  const { timeline, takenBackAt, kind } = incident;
  return (
    <section class="card stack" aria-labelledby="timeline">
      <h2 id="timeline">Timeline</h2>
      <ol class="timeline">
        {timeline.map((moment) => (
          <li key={`${moment.what} ${moment.at} ${moment.where}`} class={TONE[moment.what]}>
            <span class="timeline-offset">{offset(moment.at, takenBackAt)}</span>
            <span class="timeline-words">
              <b>{momentWords(moment, kind)}</b>
              {moment.by !== null && <span class="muted">{` ${moment.by}`}</span>}
              {moment.comment && moment.what !== "taken-back" && <span class="muted">{`: “${moment.comment}”`}</span>}
            </span>
            <time class="muted" dateTime={moment.at} title={exactly(moment.at)}>
              {clock.format(Date.parse(moment.at))}
            </time>
          </li>
        ))}
      </ol>
      {!timeline.some(({ what }) => what === "served") && (
        <p class="hint">How it reached single data centres is kept for an environment's latest 50 changes.</p>
      )}
    </section>
  );
}

function offset(at: string, from: string): string {
  const ms = Date.parse(at) - Date.parse(from);
  return ms === 0 ? "0" : `${ms < 0 ? "−" : "+"}${durationWords(Math.abs(ms))}`;
}

function momentWords({ what, where }: IncidentMoment, kind: IncidentPage["kind"]): string {
  switch (what) {
    case "released":
      return "Released";
    case "onset":
      return "Start of the trouble";
    case "taken-back":
      return kind === "kill" ? "Killed" : "Rolled back";
    case "published":
      return "Published";
    case "served":
      return `Served in ${where}`;
    case "confirmed":
      return "Confirmed off";
    case "restored":
      return "Restored";
    case "released-again":
      return "Released again";
  }
}
