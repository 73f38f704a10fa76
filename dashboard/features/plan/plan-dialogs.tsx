import { useSignal } from "@preact/signals";
import type { PlanView } from "../../../shared/schema/plan.ts";
import type { Environment } from "../../domain/api.ts";
import { CommentField } from "../../ui/comment-field.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { tell } from "../../ui/toasts.tsx";
import { command, type PlanPlace } from "./plan-store.ts";
import { audienceWords, durationWords, stageName } from "./plan-words.ts";

export interface Asked {
  action: "start" | "pause" | "resume" | "advance" | "rollback";
}

interface PlanDialogProps {
  place: PlanPlace;
  plan: PlanView;
  asked: Asked;
  environment: Environment;
  isKilled: boolean;
  close: () => void;
}

/** Says what goes live for whom before anything does. */
export function PlanDialog({ place, plan, asked: { action }, environment, isKilled, close }: PlanDialogProps) {
  const { run } = plan;
  const choosesStage = action === "start" || action === "resume";
  const mustChoose = run?.status === "halted";
  const stage = useSignal(action === "resume" && run ? run.stage : 0);
  const comment = useSignal("");
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const next = run ? run.stage + 1 : 0;
  const isEnd = action === "advance" && next >= plan.stages.length;
  const where = environment.name;
  const words = {
    start: {
      title: `Start the release in ${where}?`,
      live: liveWords(plan, stage.value),
      button: "Start",
      done: `The release has started at ${stageName(plan, stage.value)}`,
    },
    pause: {
      title: `Pause the release in ${where}?`,
      live: `Nothing changes for anybody: ${liveWords(plan, run?.stage ?? 0)} Guards go on watching.`,
      button: "Pause",
      done: "The release is paused",
    },
    resume: {
      title: `Go on with the release in ${where}?`,
      live: liveWords(plan, stage.value),
      button: `Go on at ${stageName(plan, stage.value)}`,
      done: `The release goes on at ${stageName(plan, stage.value)}`,
    },
    advance: {
      title: isEnd ? `Finish the release in ${where}?` : `Go on to ${stageName(plan, next)} in ${where}?`,
      live: isEnd
        ? `Nothing changes for anybody: ${liveWords(plan, run?.stage ?? 0)} Its guards stop watching.`
        : `${liveWords(plan, next)} Whatever the plan still waits for is skipped.`,
      button: isEnd ? "Finish" : `Go on to ${stageName(plan, next)}`,
      done: isEnd ? "The release is complete" : `The release goes on at ${stageName(plan, next)}`,
    },
    rollback: {
      title: `Roll the release back in ${where}?`,
      live: `At once, everybody gets ${plan.baseline}. The flag's own rules, which stand before the plan's, stay as they are.`,
      button: "Roll back",
      done: `Everybody gets ${plan.baseline} again`,
    },
  }[action];
  const carryOut = async () => {
    busy.value = true;
    problem.value = null;
    const named = choosesStage && (action === "start" || mustChoose || stage.value !== run?.stage);
    try {
      await command(place, action, {
        comment: comment.value.trim(),
        ...(named ? { stage: stage.value } : {}),
        ...(action === "advance" && run ? { from: run.stage } : {}),
      });
      close();
      tell(words.done);
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <Dialog title={words.title} onClose={close} onSubmit={carryOut} tone={action === "rollback" ? "killed" : undefined}>
      {choosesStage && (
        <label class="field">
          <span class="label">{action === "start" ? "Begin with" : "Go on at"}</span>
          <select
            value={stage.value}
            onChange={(event) => {
              stage.value = Number(event.currentTarget.value);
            }}
          >
            {plan.stages.map((_, index) => (
              <option key={`${index} ${stageName(plan, index)}`} value={index}>
                {`${index + 1}. ${stageName(plan, index)}`}
              </option>
            ))}
          </select>
        </label>
      )}
      <p>{words.live}</p>
      {isKilled && action !== "rollback" && (
        <p class="note">
          <Icon name="stop" /> The flag is killed in {where}. That stays so until somebody restores it; then this is
          what goes live.
        </p>
      )}
      {problem.value !== null && <Problem error={problem.value} />}
      <CommentField comment={comment} first />
      <footer class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        <button
          type="submit"
          class={`button ${action === "rollback" ? "button-kill" : "button-primary"}`}
          disabled={busy.value}
        >
          {words.button} <kbd>↵</kbd>
        </button>
      </footer>
    </Dialog>
  );
}

function liveWords(plan: PlanView, stage: number): string {
  const who = audienceWords(plan, stage);
  const rest = who === "everybody" ? "" : `, everybody else ${plan.baseline}`;
  const { minimumSeconds = 0, advance } = plan.stages[stage] ?? {};
  const then =
    advance === "by-hand"
      ? " It stays so until somebody goes on."
      : ` It stays so for at least ${durationWords(minimumSeconds)}.`;
  return `${capital(who)} ${who === "everybody" || stage >= 0 ? "get" : ""} ${plan.variant}${rest}.${then}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
