import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ScheduleView } from "../../../shared/schema/schedule.ts";
import { answer, api } from "../../domain/api.ts";
import { seenRevision } from "../../domain/project.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { exactly, fromNow } from "../../domain/words/time-words.ts";
import { ChangeList } from "../../editors/change-list.tsx";
import { Icon } from "../../ui/icon.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { ScheduleDialog } from "./schedule-dialog.tsx";
import { patchChanges, patchWords, whenWords } from "./schedule-words.ts";

/** Changes that wait for their time, and what became of earlier ones. */
export function SchedulePanel({ project, environment, flag, locked }: SectionProps) {
  const schedules = useSignal<ScheduleView[] | null>(null);
  const isMaking = useSignal(false);
  const routes = api.projects[":project"].environments[":environment"].flags[":flag"].schedules;
  const param = { project, environment: environment.key, flag: flag.key };
  const read = async () => {
    schedules.value = (await answer(routes.$get({ param }))).schedules as ScheduleView[];
  };
  useEffect(() => {
    read().catch((error) => complain("The schedules could not be read", error));
  }, [seenRevision.value]);
  const cancel = async (schedule: ScheduleView) => {
    try {
      await routes[":id"].$delete({ param: { ...param, id: schedule.id }, header: {} });
      await read();
      tell("The schedule is cancelled", patchWords(schedule.patch), {
        label: "Undo",
        act: async () => {
          const { at, local, timeZone, patch, comment, applyAnyway = false } = schedule;
          const when = local && timeZone ? { local, timeZone } : at;
          await routes.$post({ param, query: {}, header: {}, json: { at: when, patch, comment, applyAnyway } });
          await read();
          tell(`Scheduled again for ${whenWords(schedule)}`);
        },
      });
    } catch (error) {
      complain("The schedule was not cancelled", error);
    }
  };
  const all = schedules.value ?? [];
  const pending = all.filter(({ status }) => status === "pending");
  const over = all.filter(({ status }) => status !== "pending").reverse();
  if (locked && all.length === 0) return null;
  return (
    <section class="card stack" aria-labelledby="schedules">
      <div class="section-head">
        <h2 id="schedules">{`Scheduled in ${environment.name}`}</h2>
        {!locked && (
          <button
            type="button"
            class="button button-small"
            onClick={() => {
              isMaking.value = true;
            }}
          >
            <Icon name="clock" /> Schedule a change…
          </button>
        )}
      </div>
      {schedules.value !== null && pending.length === 0 && (
        <p class="muted">
          Nothing is waiting. Switch on at nine in the morning, or take a campaign down on Sunday night.
        </p>
      )}
      {pending.length > 0 && (
        <ul class="plain-list">
          {pending.map((schedule) => (
            <li key={schedule.id}>
              <ScheduleWords schedule={schedule} />
              {!locked && (
                <button type="button" class="button button-small" onClick={() => cancel(schedule)}>
                  Cancel it
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {over.length > 0 && (
        <details open={over[0]?.status === "failed"}>
          <summary class="muted">{over.length === 1 ? "1 earlier" : `${over.length} earlier`}</summary>
          <ul class="plain-list">
            {over.map((schedule) => (
              <li key={schedule.id}>
                <ScheduleWords schedule={schedule} />
                <span class={`pill ${OUTCOME[schedule.status].tone}`}>{OUTCOME[schedule.status].word}</span>
                {schedule.problem && <p class="bad">{schedule.problem.message}</p>}
              </li>
            ))}
          </ul>
        </details>
      )}
      {isMaking.value && (
        <ScheduleDialog
          project={project}
          environment={environment}
          flag={flag}
          close={(made) => {
            isMaking.value = false;
            if (made) void read().catch(() => {});
          }}
        />
      )}
    </section>
  );
}

const OUTCOME = {
  pending: { word: "Waiting", tone: "tone-part" },
  applied: { word: "Done", tone: "tone-on" },
  failed: { word: "Failed", tone: "tone-killed" },
  cancelled: { word: "Cancelled", tone: "tone-off" },
} as const;

function ScheduleWords({ schedule }: { schedule: ScheduleView }) {
  const { at, patch, by, comment, status, resolution, applyAnyway } = schedule;
  return (
    <div class="rule-words">
      <strong>{patchWords(patch)}</strong>{" "}
      <time dateTime={at} title={exactly(at)}>
        {whenWords(schedule)}
      </time>
      {status === "pending" && <span class="muted">{` · ${fromNow(at)}`}</span>}
      <span class="muted">{` · by ${by}`}</span>
      {applyAnyway && status === "pending" && <span class="muted"> · Replaces later changes</span>}
      {resolution === "gap" && (
        <p class="muted">Clocks skip that time that day, so it happens at {whenWords(schedule)}.</p>
      )}
      {resolution === "overlap" && <p class="muted">Clocks show that time twice that day; the first is meant.</p>}
      {comment && <p class="history-comment">“{comment}”</p>}
      {"enabled" in patch && Object.keys(patch).length === 1 ? null : (
        <details>
          <summary class="muted">What becomes of it</summary>
          <ChangeList changes={patchChanges(patch)} />
        </details>
      )}
    </div>
  );
}
