import { useSignal } from "@preact/signals";
import { api, type Environment, type FlagView } from "../../domain/api.ts";
import { hideFlag } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { KillManyDialog } from "../../editors/kill-many-dialog.tsx";
import { undoingLatest } from "../../editors/undo.ts";
import { CommentField } from "../../ui/comment-field.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { tell } from "../../ui/toasts.tsx";
import { tickAll } from "./selection.ts";

interface SelectionBarProps {
  project: string;
  environment: Environment;
  /** The ticked ones. */
  flags: readonly FlagView[];
}

/** What can be done with several flags at once. */
export function SelectionBar({ project, environment, flags }: SelectionBarProps) {
  const asking = useSignal<"archive" | "kill" | null>(null);
  const close = () => {
    asking.value = null;
  };
  const words = flags.length === 1 ? "1 flag" : `${flags.length} flags`;
  const mayArchive = flags.every(({ purpose }) => mayChange(purpose));
  const mayKill = flags.every(({ purpose }) => mayChange(purpose, environment.key));
  return (
    <>
      <section class="save-bar" aria-label="Ticked flags">
        <strong role="status">{`${words} ticked`}</strong>
        <span class="muted clip">{flags.map(({ key }) => key).join(", ")}</span>
        <button type="button" class="button" onClick={() => tickAll([], false)}>
          Untick
        </button>
        <button
          type="button"
          class="button"
          disabled={!mayArchive}
          onClick={() => {
            asking.value = "archive";
          }}
        >
          <Icon name="archive" /> Archive…
        </button>
        <button
          type="button"
          class="button button-kill"
          disabled={!mayKill}
          onClick={() => {
            asking.value = "kill";
          }}
        >
          <Icon name="stop" /> {`Kill in ${environment.name}…`}
        </button>
      </section>
      {asking.value === "archive" && <ArchiveMany project={project} flags={flags} close={close} />}
      {asking.value === "kill" && (
        <KillManyDialog flags={flags} environment={environment} close={close} done={() => tickAll([], false)} />
      )}
    </>
  );
}

interface ArchiveManyProps {
  project: string;
  flags: readonly FlagView[];
  close: () => void;
}

function ArchiveMany({ project, flags, close }: ArchiveManyProps) {
  const comment = useSignal("");
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const live = flags.filter(({ environments }) => Object.values(environments).some(({ enabled }) => enabled));
  const archive = async () => {
    busy.value = true;
    problem.value = null;
    try {
      const json = { flags: flags.map(({ key }) => key), comment: comment.value };
      await api.projects[":project"].flags.archive.$post({ param: { project }, header: {}, json });
      for (const { key } of flags) hideFlag(key);
      tickAll([], false);
      tell(
        flags.length === 1 ? "1 flag is archived" : `${flags.length} flags are archived`,
        undefined,
        await undoingLatest(project, flags[0]?.key ?? ""),
      );
      close();
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <Dialog
      title={`Archive ${flags.length === 1 ? flags[0]?.key : `${flags.length} flags`}?`}
      onClose={close}
      onSubmit={archive}
    >
      <p>
        Apps that still ask for them get the default in their code. Their names stay taken, so that old code never meets
        a new meaning. All are archived, or none is.
      </p>
      {live.length > 0 && (
        <p class="note">
          <Icon name="alert" />
          <span>
            Switched on somewhere: <strong>{live.map(({ key }) => key).join(", ")}</strong>
          </span>
        </p>
      )}
      <ul class="named-list">
        {flags.map(({ key }) => (
          <li key={key}>{key}</li>
        ))}
      </ul>
      {problem.value !== null && <Problem error={problem.value} />}
      <CommentField comment={comment} example="The release is through" first />
      <DialogActions close={close} disabled={busy.value} kills>
        {flags.length === 1 ? "Archive it" : `Archive ${flags.length} flags`}
      </DialogActions>
    </Dialog>
  );
}
