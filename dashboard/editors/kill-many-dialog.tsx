import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { api, type Environment, type FlagView, refusalOf, stateAnswer } from "../domain/api.ts";
import { isProduction, project, showState } from "../domain/project.ts";
import { mayChange } from "../domain/session.ts";
import { stateWords } from "../domain/words/state-words.ts";
import { CommentField } from "../ui/comment-field.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { DialogActions } from "../ui/dialog-actions.tsx";
import { Icon } from "../ui/icon.tsx";
import { Problem } from "../ui/problem.tsx";
import { killRevision, watchPropagation } from "./propagation-toast.ts";

interface KillManyDialogProps {
  flags: readonly FlagView[];
  environment: Environment;
  /** What is known of each, beside its state: who changed it, and when. */
  note?: (flag: FlagView) => string | undefined;
  /** Chooses the environment, where that is open. */
  where?: ComponentChildren;
  close: () => void;
  done?: () => void;
}

/**
 * Several kills with one confirmation. Each stands for itself, and none waits for another: what can be killed is, and
 * what cannot is named and stays here.
 */
export function KillManyDialog({ flags, environment, note, where, close, done }: KillManyDialogProps) {
  const candidates = flags.filter(({ purpose }) => mayChange(purpose, environment.key));
  const isKilled = (flag: FlagView) =>
    (flag.environments[environment.key]?.kills ?? []).some(({ variant }) => variant === undefined);
  /** What nobody gets needs no kill; it can be ticked all the same. */
  const alive = () =>
    new Set(
      candidates.filter((flag) => !isKilled(flag) && flag.environments[environment.key]?.enabled).map(({ key }) => key),
    );
  const chosen = useSignal<ReadonlySet<string>>(alive());
  useEffect(() => {
    chosen.value = alive();
  }, [environment.key]);
  const comment = useSignal("");
  const failures = useSignal<{ field: string; message: string }[]>([]);
  const busy = useSignal(false);
  const count = chosen.value.size;
  const kill = async () => {
    const keys = [...chosen.value];
    if (keys.length === 0) return;
    busy.value = true;
    failures.value = [];
    let last = 0;
    const outcomes = await Promise.all(
      keys.map(async (key) => {
        try {
          const param = { project: project.value?.key ?? "", environment: environment.key, flag: key };
          const state = await stateAnswer(
            api.projects[":project"].environments[":environment"].flags[":flag"].kill.$post({
              param,
              header: {},
              json: { comment: comment.value },
            }),
          );
          showState(state);
          last = Math.max(last, killRevision(state));
          return null;
        } catch (error) {
          return { field: key, message: refusalOf(error).words };
        }
      }),
    );
    busy.value = false;
    failures.value = outcomes.filter((one) => one !== null);
    const killed = keys.length - failures.value.length;
    if (killed > 0) {
      const words = killed === 1 ? "1 flag is killed" : `${killed} flags are killed`;
      void watchPropagation(project.value?.key ?? "", environment, last, `${words} in ${environment.name}`, "kills");
    }
    chosen.value = new Set(failures.value.map(({ field }) => field));
    if (failures.value.length > 0) return;
    done?.();
    close();
  };
  return (
    <Dialog title={`Kill in ${environment.name}`} onClose={close} onSubmit={kill} tone="killed" wide>
      <p>
        At once, everybody gets the off variant of each, or the one chosen for kills, whatever the rules say. Flags that
        depend on them switch off too. Only <em>Restore</em> takes it back.
      </p>
      {where}
      <ul class="plain-list ticks">
        {candidates.map((flag) => {
          const summary = flag.environments[environment.key];
          const words = summary && stateWords(flag, summary);
          return (
            <li key={flag.key}>
              <label class="check tick">
                <input
                  type="checkbox"
                  checked={chosen.value.has(flag.key)}
                  disabled={isKilled(flag)}
                  onChange={() => {
                    const next = new Set(chosen.value);
                    if (!next.delete(flag.key)) next.add(flag.key);
                    chosen.value = next;
                  }}
                />
                <strong>{flag.key}</strong>
              </label>
              {words && <span class={`pill tone-${words.tone}`}>{words.text}</span>}
              <span class="muted">{note?.(flag)}</span>
            </li>
          );
        })}
      </ul>
      {candidates.length === 0 && (
        <p class="note-plain">{`No flag that you may kill was changed in ${environment.name}.`}</p>
      )}
      {failures.value.length > 0 && (
        <Problem
          error={Object.assign(refusalOf(null), {
            message: "These are not killed",
            detail: "",
            errors: failures.value,
          })}
        />
      )}
      <CommentField comment={comment} example="Errors since three o'clock" first />
      <DialogActions close={close} disabled={busy.value || count === 0} kills>
        <Icon name="stop" /> {`Kill ${count === 1 ? "1 flag" : `${count} flags`} in ${environment.name}`}
        {isProduction(environment) && <kbd>↵</kbd>}
      </DialogActions>
    </Dialog>
  );
}
