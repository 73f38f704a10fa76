import { signal, useSignal } from "@preact/signals";
import { api, type Environment, type FlagView, stateAnswer } from "../domain/api.ts";
import { project, showState } from "../domain/project.ts";
import { useDependants } from "../domain/use-dependants.ts";
import { CommentField } from "../ui/comment-field.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { DialogActions } from "../ui/dialog-actions.tsx";
import { Icon } from "../ui/icon.tsx";
import { Problem } from "../ui/problem.tsx";
import { EnvironmentChoice } from "./environment-choice.tsx";
import { killRevision, killTopic, watchPropagation } from "./propagation-toast.ts";

/** Which flag somebody is about to kill, from any page. */
export const killing = signal<{ flag: FlagView; environment: Environment } | null>(null);

export function KillDialog() {
  const asked = killing.value;
  return asked && <Confirm key={asked.flag.key} {...asked} />;
}

function Confirm({ flag, environment: first }: { flag: FlagView; environment: Environment }) {
  const chosen = useSignal(first.key);
  const variant = useSignal("");
  const comment = useSignal("");
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const projectKey = project.value?.key ?? "";
  const environments = project.value?.environments ?? [];
  const target = environments.find(({ key }) => key === chosen.value) ?? first;
  const dependants = useDependants(projectKey, chosen.value, flag.key)?.all ?? [];
  const close = () => {
    killing.value = null;
  };
  const kill = async () => {
    busy.value = true;
    problem.value = null;
    try {
      const state = await stateAnswer(
        api.projects[":project"].environments[":environment"].flags[":flag"].kill.$post({
          param: { project: projectKey, environment: chosen.value, flag: flag.key },
          header: {},
          json: { comment: comment.value, ...(variant.value ? { variant: variant.value } : {}) },
        }),
      );
      showState(state);
      close();
      void watchPropagation(
        projectKey,
        target,
        killRevision(state),
        `${flag.key} is killed in ${target.name}`,
        killTopic(flag.key, target.key),
      );
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <Dialog title={`Kill ${flag.key}?`} onClose={close} onSubmit={kill} tone="killed">
      <p>
        At once, everybody gets <code>{flag.offVariant ?? "the default in the code"}</code> or the variant chosen for
        kills, whatever the rules say. Only <em>Restore</em> takes it back.
      </p>
      {problem.value !== null && <Problem error={problem.value} />}
      <EnvironmentChoice
        environments={environments}
        chosen={chosen.value}
        choose={(key) => {
          chosen.value = key;
        }}
      />
      {Object.keys(flag.variants).length > 2 && (
        <label class="field">
          <span class="label">What</span>
          <select
            value={variant.value}
            onChange={(event) => {
              variant.value = event.currentTarget.value;
            }}
          >
            <option value="">The whole flag</option>
            {Object.keys(flag.variants).map((one) => (
              <option key={one} value={one}>
                {`Only the variant ${one}`}
              </option>
            ))}
          </select>
        </label>
      )}
      {dependants.length > 0 && (
        <p class="note">
          <Icon name="alert" /> These depend on it and switch off too: <strong>{dependants.join(", ")}</strong>
        </p>
      )}
      <CommentField comment={comment} example="Errors at checkout" first />
      <DialogActions close={close} disabled={busy.value} kills>
        <Icon name="stop" /> {`Kill in ${target.name}`} <kbd>↵</kbd>
      </DialogActions>
    </Dialog>
  );
}
