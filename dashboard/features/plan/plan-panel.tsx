import { useSignal } from "@preact/signals";
import type { PlanDefinition, PlanView } from "../../../shared/schema/plan.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { PlanChoice } from "./plan-choice.tsx";
import { type Asked, PlanDialog } from "./plan-dialogs.tsx";
import { PlanEditor } from "./plan-editor.tsx";
import { PlanRunning } from "./plan-running.tsx";
import { deletePlan, type PlanPlace, undoingPlan, usePlan } from "./plan-store.ts";
import { PlanSummary } from "./plan-summary.tsx";
import { STATUS_WORDS } from "./plan-words.ts";

/** The flag's release plan in one environment: chosen, edited, started, followed and taken back. */
export function PlanPanel({ project, environment, flag, locked }: SectionProps) {
  const place: PlanPlace = { project, environment: environment.key, flag: flag.key };
  const problem = useSignal<unknown>(null);
  const draft = useSignal<PlanDefinition | null>(null);
  const asked = useSignal<Asked | null>(null);
  const summary = flag.environments[environment.key];
  const plan = usePlan(place, `${flag.version} ${summary?.version} ${summary?.kills.length}`, (error) => {
    problem.value = error;
  });
  const run = plan?.run;
  const isActive = run?.status === "running" || run?.status === "paused" || run?.status === "halted";
  const remove = async () => {
    try {
      const before = plan;
      await deletePlan(place);
      tell("The release plan is deleted", "The flag's rules stay as they are.", undoingPlan(place, before, null));
    } catch (error) {
      complain("The release plan is still there", error);
    }
  };
  const editor = draft.value && (
    <PlanEditor
      place={place}
      flag={flag}
      version={plan?.version}
      reached={isActive ? run.stage : -1}
      initial={draft.value}
      close={() => {
        draft.value = null;
      }}
    />
  );
  return (
    <section class="card stack plan" aria-labelledby="plan-title">
      <div class="section-head">
        <h2 id="plan-title">{`Release plan in ${environment.name}`}</h2>
        {run && <span class={`pill tone-${STATUS_WORDS[run.status].tone}`}>{STATUS_WORDS[run.status].text}</span>}
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      {editor}
      {!editor && plan === null && (
        <PlanChoice
          project={project}
          flag={flag}
          locked={locked}
          choose={(chosen) => {
            draft.value = chosen;
          }}
        />
      )}
      {!editor && plan && isActive && (
        <PlanRunning
          place={place}
          plan={plan}
          locked={locked}
          ask={(what) => {
            asked.value = what;
          }}
          edit={() => {
            draft.value = definitionOf(plan);
          }}
        />
      )}
      {!editor && plan && !isActive && <PlanSummary plan={plan} place={place} />}
      {!editor && plan && !isActive && !locked && (
        <div class="row plan-actions">
          <button
            type="button"
            class="button button-primary"
            onClick={() => {
              asked.value = { action: "start" };
            }}
          >
            <Icon name="play" /> {run ? "Start again…" : "Start…"}
          </button>
          {run?.status === "completed" && (
            <button
              type="button"
              class="button"
              onClick={() => {
                asked.value = { action: "rollback" };
              }}
            >
              <Icon name="restore" /> Roll back…
            </button>
          )}
          <button
            type="button"
            class="button"
            onClick={() => {
              draft.value = definitionOf(plan);
            }}
          >
            Edit the plan
          </button>
          <button type="button" class="button button-plain" onClick={remove}>
            Delete it
          </button>
        </div>
      )}
      {plan && asked.value && (
        <PlanDialog
          place={place}
          plan={plan}
          asked={asked.value}
          environment={environment}
          isKilled={(summary?.kills.length ?? 0) > 0}
          close={() => {
            asked.value = null;
          }}
        />
      )}
    </section>
  );
}

function definitionOf({ environment, flag, version, revision, createdAt, updatedAt, run, ...definition }: PlanView) {
  return definition;
}
