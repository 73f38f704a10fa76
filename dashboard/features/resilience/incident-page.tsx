import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useLocation, useRoute } from "preact-iso";
import { breachWords } from "../../../shared/guard/words.ts";
import { percent } from "../../../shared/resilience/words.ts";
import type { IncidentPage as Incident } from "../../../shared/schema/resilience.ts";
import { answer, api } from "../../domain/api.ts";
import { environment, project } from "../../domain/project.ts";
import { durationWords } from "../../domain/words/duration-words.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { Problem } from "../../ui/problem.tsx";
import { FollowUps } from "./follow-ups.tsx";
import { Timeline } from "./timeline.tsx";

const CAUSE: Record<Incident["cause"], string> = {
  person: "by hand",
  guard: "by its guard",
  trigger: "by monitoring",
  schedule: "by a schedule",
};

/** A kill or a rollback: what happened when, whom it hit, and what follows from it. */
export function IncidentPage() {
  const { params } = useRoute();
  const { query } = useLocation();
  const incident = useSignal<Incident | null>(null);
  const problem = useSignal<unknown>(null);
  const key = project.value?.key;
  const here = environment.value;
  const revision = params.revision ?? "";
  const read = async () => {
    if (!key || !here) return;
    try {
      const route = api.projects[":project"].environments[":environment"].incidents[":revision"];
      const param = { project: key, environment: here.key, revision };
      incident.value = await answer(route.$get({ param, query: query.flag ? { flag: query.flag } : {} }));
      problem.value = null;
    } catch (error) {
      problem.value = error;
    }
  };
  useEffect(() => {
    incident.value = null;
    void read();
  }, [key, here?.key, revision, query.flag]);
  if (!key || !here) return <main class="page page-review" aria-busy="true" />;
  const shown = incident.value;
  return (
    <main class="page page-review stack">
      <div class="flag-title">
        <nav aria-label="Where you are">
          <a href={`/p/${key}/resilience?env=${here.key}`}>Resilience</a> /
        </nav>
        <h1>{shown ? `${shown.flag} ${shown.kind === "kill" ? "killed" : "rolled back"}` : "Incident"}</h1>
        {shown && <span class="chip">{here.name}</span>}
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      {!shown && problem.value === null && <div class="skeleton" />}
      {shown && (
        <>
          <p class="muted">
            {`${whatWas(shown)} ${CAUSE[shown.cause]}, ${shown.by}, `}
            <time dateTime={shown.takenBackAt} title={exactly(shown.takenBackAt)}>
              {ago(shown.takenBackAt)}
            </time>
            {`, revision ${shown.revision}. `}
            <a href={`/p/${key}/flags/${encodeURIComponent(shown.flag)}?env=${here.key}`}>Open the flag</a>
          </p>
          {shown.comment && !shown.evidence && <blockquote class="incident-comment">{shown.comment}</blockquote>}
          <IncidentFigures incident={shown} />
          <div class="incident-columns">
            <Timeline incident={shown} />
            <div class="stack">
              <FollowUps incident={shown} changed={read} />
              <section class="card stack" aria-labelledby="evidence">
                <h2 id="evidence">Evidence</h2>
                <p>
                  {shown.evidence
                    ? breachWords(shown.evidence)
                    : "None was recorded: only a guard's kill carries numbers."}
                </p>
              </section>
            </div>
          </div>
        </>
      )}
    </main>
  );
}

const whatWas = ({ kind, variant }: Incident): string =>
  kind === "rollback" ? "Rolled back" : variant === null ? "Killed" : `The variant ${variant} was killed`;

function IncidentFigures({ incident }: { incident: Incident }) {
  const { restoreMs, onsetAt, confirmedAt, people } = incident;
  return (
    <dl class="habits card">
      <Figure
        name="Time to restore"
        value={restoreMs === null ? null : durationWords(restoreMs)}
        note={
          restoreMs !== null
            ? "from the start of the trouble to confirmed off"
            : onsetAt === null
              ? "the start of the trouble is not known"
              : "not confirmed off at the edge"
        }
      />
      <Figure
        name="Off at the edge"
        value={confirmedAt === null ? null : durationWords(Date.parse(confirmedAt) - Date.parse(incident.takenBackAt))}
        note={confirmedAt === null ? "no data centre has confirmed it" : "from the kill to the last data centre"}
      />
      <Figure
        name="People exposed"
        value={people.exposed === null ? null : people.exposed.toLocaleString("en")}
        note={
          people.harmed === null
            ? people.exposed === null
              ? "no guard counted them"
              : "as the guard counted them"
            : `${people.harmed.toLocaleString("en")} of them met an error`
        }
      />
      <Figure
        name="Reach until then"
        value={people.share === null ? null : `≈ ${percent(people.share)}`}
        note="of the users whom no rule singles out"
      />
    </dl>
  );
}

function Figure({ name, value, note }: { name: string; value: string | null; note: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b class={value === null ? "muted" : undefined}>{value ?? "Not known"}</b>
        <span class="muted">{note}</span>
      </dd>
    </div>
  );
}
