import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { answer, api } from "../../domain/api.ts";
import { openProject, project } from "../../domain/project.ts";
import { DryRunResult } from "../../editors/dry-run.tsx";
import { changesWords, useDryRun } from "../../editors/use-dry-run.ts";
import { CommentField } from "../../ui/comment-field.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { tell } from "../../ui/toasts.tsx";

/** Asks the store what would change, shows it, and only then does it. */
export function RevertDialog({ revision, close }: { revision: number; close: () => void }) {
  const comment = useSignal("");
  const param = { project: project.value?.key ?? "" };
  const run = useDryRun(({ dryRun, query }) => {
    const json = { version: revision, dryRun, comment: comment.value };
    return answer(api.projects[":project"].revert.$post({ param, query, header: {}, json }));
  });
  useEffect(() => {
    void run.look();
  }, []);
  const revert = () =>
    run.carryOut(async () => {
      await openProject(param.project);
      close();
      tell(`Everything is as it was at revision ${revision}`, "This is a new revision; it can be undone the same way.");
    });
  return (
    <Dialog title={`Go back to revision ${revision}?`} onClose={close} onSubmit={revert} wide>
      <p>
        Flags, their states and segments become what they were then, so changes made since are undone too. Kills stay:
        only Restore lifts them. Keys stay as well.
      </p>
      <DryRunResult run={run} nothing="Nothing would change: it already is like that." />
      <CommentField comment={comment} first />
      <DialogActions close={close} disabled={!run.ready}>
        {run.changes ? `Make ${changesWords(run.changes.length)}` : "Go back"}
      </DialogActions>
    </Dialog>
  );
}
