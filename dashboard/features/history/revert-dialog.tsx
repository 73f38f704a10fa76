import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { answer, api } from "../../domain/api.ts";
import { openProject, project } from "../../domain/project.ts";
import { DryRunResult } from "../../editors/dry-run.tsx";
import { undoing } from "../../editors/undo.ts";
import { changesWords, useDryRun } from "../../editors/use-dry-run.ts";
import { CommentField } from "../../ui/comment-field.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { tell } from "../../ui/toasts.tsx";

/** What is to be put back: one change alone, one flag as it stood at a revision, or the whole project. */
export type Reverting =
  | { what: "change"; revision: number }
  | { what: "flag"; flag: string; revision: number }
  | { what: "project"; revision: number };

const KEPT = "Kills stay: only Restore lifts them. Keys stay as well.";

function wordsOf(reverting: Reverting): { title: string; text: string; done: string } {
  const { revision } = reverting;
  switch (reverting.what) {
    case "change":
      return {
        title: `Undo revision ${revision}?`,
        text: `What this one revision changed becomes what it was before. Everything that was changed since stays. ${KEPT}`,
        done: `Revision ${revision} is undone`,
      };
    case "flag":
      return {
        title: `Revert ${reverting.flag} to revision ${revision}?`,
        text: `This flag and its states become what they were then, so changes made to it since are undone too. Other flags stay as they are. ${KEPT}`,
        done: `${reverting.flag} is as it was at revision ${revision}`,
      };
    case "project":
      return {
        title: `Revert the project to revision ${revision}?`,
        text: `All flags, their states and segments become what they were then, so changes made since are undone too. ${KEPT}`,
        done: `Everything is as it was at revision ${revision}`,
      };
  }
}

/** Asks the store what would change, shows it, and only then does it. */
export function RevertDialog({ reverting, close }: { reverting: Reverting; close: () => void }) {
  const comment = useSignal("");
  const param = { project: project.value?.key ?? "" };
  const words = wordsOf(reverting);
  const run = useDryRun(({ dryRun, query }) => {
    const { revision } = reverting;
    const more = { dryRun, comment: comment.value };
    const routes = api.projects[":project"];
    if (reverting.what === "change")
      return answer(routes.audit.undo.$post({ param, query, header: {}, json: { revision, ...more } }));
    const json = { version: revision, ...more };
    return reverting.what === "flag"
      ? answer(
          routes.flags[":flag"].revert.$post({ param: { ...param, flag: reverting.flag }, query, header: {}, json }),
        )
      : answer(routes.revert.$post({ param, query, header: {}, json }));
  });
  useEffect(() => {
    void run.look();
  }, []);
  const revert = () =>
    run.carryOut(async ({ revision }) => {
      await openProject(param.project);
      close();
      tell(words.done, `This is revision ${revision}.`, undoing(param.project, [revision]));
    });
  return (
    <Dialog title={words.title} onClose={close} onSubmit={revert} wide>
      <p>{words.text}</p>
      <DryRunResult run={run} nothing="Nothing would change: it already is like that." />
      <CommentField comment={comment} first />
      <DialogActions close={close} disabled={!run.ready}>
        {run.changes ? `Make ${changesWords(run.changes.length)}` : "Revert"}
      </DialogActions>
    </Dialog>
  );
}
