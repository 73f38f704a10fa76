import { signal, useSignal } from "@preact/signals";
import { api, type Environment, type FlagView, stateAnswer } from "../domain/api.ts";
import { project, showState } from "../domain/project.ts";
import { stateWords } from "../domain/words/state-words.ts";
import { CommentField } from "../ui/comment-field.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { DialogActions } from "../ui/dialog-actions.tsx";
import { Icon } from "../ui/icon.tsx";
import { Problem } from "../ui/problem.tsx";
import { tell } from "../ui/toasts.tsx";
import { LaterReachNote } from "./later-reach-note.tsx";
import { killTopic } from "./propagation-toast.ts";

export const restoring = signal<{ flag: FlagView; environment: Environment } | null>(null);

export function RestoreDialog() {
  const asked = restoring.value;
  return asked && <Confirm key={`${asked.flag.key} ${asked.environment.key}`} {...asked} />;
}

/** Shows what goes live again before it does. */
function Confirm({ flag, environment }: { flag: FlagView; environment: Environment }) {
  const comment = useSignal("");
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const summary = flag.environments[environment.key];
  const then = summary && stateWords(flag, { ...summary, kills: [] });
  const close = () => {
    restoring.value = null;
  };
  const restore = async () => {
    busy.value = true;
    problem.value = null;
    try {
      const state = await stateAnswer(
        api.projects[":project"].environments[":environment"].flags[":flag"].restore.$post({
          param: { project: project.value?.key ?? "", environment: environment.key, flag: flag.key },
          header: {},
          json: { comment: comment.value },
        }),
      );
      showState(state);
      close();
      tell(
        `${flag.key} is restored in ${environment.name}`,
        undefined,
        undefined,
        killTopic(flag.key, environment.key),
      );
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <Dialog title={`Restore ${flag.key} in ${environment.name}?`} onClose={close} onSubmit={restore}>
      <p>What people get, beginning at once:</p>
      {then && (
        <p class="before-after">
          <span class="pill tone-killed">Killed</span>
          <span aria-hidden="true">→</span>
          <span class="unseen">becomes</span>
          <span class={`pill tone-${then.tone}`}>{then.text}</span>
        </p>
      )}
      {summary?.enabled && (
        <LaterReachNote
          place={{ project: project.value?.key ?? "", environment: environment.key, flag: flag.key }}
          ifOn
        />
      )}
      {problem.value !== null && <Problem error={problem.value} />}
      <CommentField comment={comment} example="Fixed in 3.2.1" first />
      <DialogActions close={close} disabled={busy.value}>
        <Icon name="restore" /> Restore <kbd>↵</kbd>
      </DialogActions>
    </Dialog>
  );
}
