import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { PlanView } from "../../../shared/schema/plan.ts";
import { useGuard } from "../../domain/guard-store.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { SilentNote } from "../../editors/silent-note.tsx";
import { Icon } from "../../ui/icon.tsx";
import type { Asked } from "./plan-dialogs.tsx";
import type { PlanPlace } from "./plan-store.ts";
import { audienceWords, durationWords, smallestGroup, stageName, stepWords, waitWords } from "./plan-words.ts";

interface PlanRunningProps {
  place: PlanPlace;
  plan: PlanView;
  locked: boolean;
  ask: (what: Asked) => void;
  edit: () => void;
}

/** A plan under way: where it is, why it stays there, and what a person can do. */
export function PlanRunning({ place, plan, locked, ask, edit }: PlanRunningProps) {
  const now = useNow();
  const { run } = plan;
  const watch = useGuard(place, run?.series)?.watch;
  const seen =
    watch && watch.series === run?.series
      ? { units: smallestGroup(watch.exposed), reason: watch.reason, holds: watch.holds }
      : null;
  if (!run) return null;
  const isLast = run.stage === plan.stages.length - 1;
  return (
    <>
      <ol class="plan-steps">
        {plan.stages.map((stage, index) => {
          const reach = index < run.stage ? "is-done" : index === run.stage ? "is-here" : "";
          return (
            <li
              key={`${index} ${stageName(plan, index)}`}
              class={`${reach} ${run.status === "halted" ? "is-halted" : ""}`}
              aria-current={index === run.stage ? "step" : undefined}
            >
              <span class="plan-dot">{index < run.stage ? <Icon name="check" size={14} /> : index + 1}</span>
              <span class="plan-step-name">{stageName(plan, index)}</span>
              <span class="muted">
                {index < run.stage
                  ? "done"
                  : index === run.stage
                    ? ago(run.enteredAt, now)
                    : stage.minimumSeconds > 0
                      ? durationWords(stage.minimumSeconds)
                      : "–"}
              </span>
            </li>
          );
        })}
      </ol>
      <div class={`plan-now ${run.status === "halted" ? "is-halted" : ""}`}>
        <p>
          {run.waits.some((wait) => wait.for === "restore" || wait.for === "enabling") ? "Beneath: " : ""}
          <strong>{plan.variant}</strong> for {audienceWords(plan, run.stage)}
          {audienceWords(plan, run.stage) !== "everybody" && (
            <>
              , <strong>{plan.baseline}</strong> for the rest
            </>
          )}
        </p>
        {run.waits.length > 0 ? (
          <ul class="plan-waits" aria-live="polite">
            {run.waits.map((wait) => (
              <li key={wait.for}>{waitWords(wait, now, seen)}</li>
            ))}
          </ul>
        ) : (
          <p class="muted">{isLast ? "Ends in a moment" : "Goes on in a moment"}</p>
        )}
      </div>
      {watch?.active &&
        watch.series === run.series &&
        watch.silent.map((silent) => (
          <SilentNote
            key={silent.event ?? ""}
            silent={silent}
            exposed={watch.exposed}
            consequence="The plan does not advance by itself until it does."
          />
        ))}
      {!locked && (
        <div class="row plan-actions">
          {run.status === "running" && (
            <>
              <button type="button" class="button" onClick={() => ask({ action: "advance" })}>
                <Icon name={isLast ? "check" : "play"} />{" "}
                {isLast ? "Finish now…" : `Advance to ${stageName(plan, run.stage + 1)}…`}
              </button>
              <button type="button" class="button" onClick={() => ask({ action: "pause" })}>
                <Icon name="pause" /> Pause…
              </button>
            </>
          )}
          {run.status !== "running" && (
            <button type="button" class="button button-primary" onClick={() => ask({ action: "resume" })}>
              <Icon name="play" /> Resume…
            </button>
          )}
          <button type="button" class="button" onClick={() => ask({ action: "rollback" })}>
            <Icon name="restore" /> Roll back…
          </button>
          <button type="button" class="button button-plain" onClick={edit}>
            Edit remaining stages
          </button>
        </div>
      )}
      <details>
        <summary>{`Activity (${run.steps.length})`}</summary>
        <ol class="plan-log">
          {run.steps.toReversed().map((step) => (
            <li key={`${step.at} ${step.what}`}>
              <time class="muted" title={exactly(step.at)}>
                {ago(step.at, now)}
              </time>
              <span>
                {stepWords(plan, step)} <span class="muted">by {step.by}</span>
                {step.comment && <>: “{step.comment}”</>}
              </span>
            </li>
          ))}
        </ol>
      </details>
    </>
  );
}

/** The time, so that what is left counts down. */
function useNow(): number {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
  return now.value;
}
