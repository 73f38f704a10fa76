import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { answer, api } from "../api.ts";
import { ChangeList } from "../flag/change-list.tsx";
import { CommentField } from "../frame/comment-field.tsx";
import { Dialog } from "../frame/dialog.tsx";
import { DialogActions } from "../frame/dialog-actions.tsx";
import { Problem } from "../frame/problem.tsx";
import { tell } from "../frame/toasts.tsx";
import { openProject, project } from "../project.ts";
import type { Change } from "../words/change-words.ts";
import { type AuditEntry, allChanges } from "./history-row.tsx";

/** Asks the store what would change, shows it, and only then does it. */
export function RevertDialog({ revision, close }: { revision: number; close: () => void }) {
  const preview = useSignal<Change[] | null>(null);
  const comment = useSignal("");
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const param = { project: project.value?.key ?? "" };
  const ask = (dryRun: boolean) =>
    answer(
      api.projects[":project"].revert.$post({
        param,
        header: {},
        json: { version: revision, dryRun, comment: comment.value },
      }),
    );
  useEffect(() => {
    ask(true).then(
      ({ changes }) => {
        preview.value = allChanges(changes as AuditEntry["changes"]);
      },
      (error) => {
        problem.value = error;
      },
    );
  }, []);
  const revert = async () => {
    if (!preview.value?.length) return;
    busy.value = true;
    try {
      await ask(false);
      await openProject(param.project);
      close();
      tell(`Everything is as it was at revision ${revision}`, "This is a new revision; it can be undone the same way.");
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <Dialog title={`Go back to revision ${revision}?`} onClose={close} onSubmit={revert} wide>
      <p>
        Flags, their states and segments become what they were then, so changes made since are undone too. Kills stay:
        only Restore lifts them. Keys stay as well.
      </p>
      {preview.value && preview.value.length === 0 && (
        <p class="note">Nothing would change: it already is like that.</p>
      )}
      {preview.value && preview.value.length > 0 && (
        <section class="review-part" aria-label="What would change">
          <ChangeList changes={preview.value} />
        </section>
      )}
      {!preview.value && problem.value === null && <p class="muted">Looking at what would change…</p>}
      {problem.value !== null && <Problem error={problem.value} />}
      <CommentField comment={comment} first />
      <DialogActions close={close} disabled={busy.value || !preview.value?.length}>
        {preview.value ? `Make these ${preview.value.length} changes` : "Go back"}
      </DialogActions>
    </Dialog>
  );
}
