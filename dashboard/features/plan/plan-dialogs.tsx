import { useSignal } from "@preact/signals";
import { presentShare, shareAt, stageState, takeOverProblem } from "../../../shared/release/plan.ts";
import type { FlagState } from "../../../shared/schema/flag.ts";
import type { PlanView } from "../../../shared/schema/plan.ts";
import type { Environment } from "../../domain/api.ts";
import { editing } from "../../editors/documents.ts";
import { ReachNote } from "../../editors/reach-note.tsx";
import { CommentField } from "../../ui/comment-field.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { tell } from "../../ui/toasts.tsx";
import { command, type PlanPlace } from "./plan-store.ts";
import { audienceWords, durationWords, stageName } from "./plan-words.ts";

/** What takes an action back as it was; starting, advancing and rolling back reach users, and have none. */
const BACK: Partial<Record<string, "pause" | "resume">> = { pause: "resume", resume: "pause" };

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
  const base = editing<FlagState>(place)?.base;
  /** Stages below what is live would take the variant from people, and are refused. */
  const isRefused = (index: number) =>
    action === "start" && base !== undefined && presentShare(base, plan.variant) > shareAt(plan, index);
  const firstStage = Math.max(
    0,
    plan.stages.findIndex((_, index) => !isRefused(index)),
  );
  const stage = useSignal(action === "resume" && run ? run.stage : firstStage);
  const obstacle = action === "start" && base ? takeOverProblem(base, plan) : null;
  const comment = useSignal("");
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const next = run ? run.stage + 1 : 0;
  const isEnd = action === "advance" && next >= plan.stages.length;
  const where = environment.name;
  const goesLive = choosesStage ? stage.value : action === "advance" && !isEnd ? next : null;
  const state = base && goesLive !== null ? { ...stageState(base, plan, goesLive), enabled: true } : null;
  const words = {
    start: {
      title: `Start the release in ${where}?`,
      live: liveWords(plan, stage.value),
      button: "Start",
      done: `The release has started at ${stageName(plan, stage.value)}`,
    },
    pause: {
      title: `Pause the release in ${where}?`,
      live: `Nothing changes for anybody: ${whoGets(plan, run?.stage ?? 0)} It stays so until somebody resumes it. Guards go on watching.`,
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
      title: isEnd ? `Finish the release in ${where}?` : `Advance to ${stageName(plan, next)} in ${where}?`,
      live: isEnd
        ? `Nothing changes for anybody: ${whoGets(plan, run?.stage ?? 0)} Its guards stop watching.`
        : `${liveWords(plan, next)} Whatever the plan still waits for is skipped.`,
      button: isEnd ? "Finish" : `Advance to ${stageName(plan, next)}`,
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
      const back = named ? undefined : BACK[action];
      tell(
        words.done,
        undefined,
        back && {
          label: "Undo",
          act: async () => {
            await command(place, back, { comment: "Undone" });
            tell("Undone");
          },
        },
      );
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
              <option key={`${index} ${stageName(plan, index)}`} value={index} disabled={isRefused(index)}>
                {`${index + 1}. ${stageName(plan, index)}${isRefused(index) ? ": more users have it already" : ""}`}
              </option>
            ))}
          </select>
        </label>
      )}
      {obstacle !== null && (
        <p class="note">
          <Icon name="alert" /> {`The plan cannot take over: ${obstacle}. Change that first, or switch the flag off.`}
        </p>
      )}
      <p>{words.live}</p>
      {state && <ReachNote place={place} state={state} />}
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
          disabled={busy.value || obstacle !== null || isRefused(stage.value)}
        >
          {words.button} <kbd>↵</kbd>
        </button>
      </footer>
    </Dialog>
  );
}

function whoGets(plan: PlanView, stage: number): string {
  const who = audienceWords(plan, stage);
  const rest = who === "everybody" ? "" : `, everybody else ${plan.baseline}`;
  return `${capital(who)} get ${plan.variant}${rest}.`;
}

function liveWords(plan: PlanView, stage: number): string {
  const { minimumSeconds = 0, advance } = plan.stages[stage] ?? {};
  const then =
    advance === "by-hand"
      ? " It stays so until somebody goes on."
      : minimumSeconds > 0
        ? ` It stays so for at least ${durationWords(minimumSeconds)}.`
        : "";
  return `${whoGets(plan, stage)}${then}`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
