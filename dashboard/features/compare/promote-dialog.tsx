import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ownOf } from "../../../shared/own.ts";
import type { ExportDocument } from "../../../shared/schema/admin.ts";
import { answer, api, type Environment } from "../../domain/api.ts";
import { isProduction, openProject, project } from "../../domain/project.ts";
import { DryRunResult } from "../../editors/dry-run.tsx";
import { ReachNote } from "../../editors/reach-note.tsx";
import { undoing } from "../../editors/undo.ts";
import { useDryRun } from "../../editors/use-dry-run.ts";
import { CommentField } from "../../ui/comment-field.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { tell } from "../../ui/toasts.tsx";

/** Of more flags the dialog would be too long to read. */
const MOST_REACHES = 5;

interface PromoteDialogProps {
  document: ExportDocument;
  flags: readonly string[];
  from: Environment;
  to: Environment;
  close: () => void;
}

/** States go from one environment to another, with everybody's place in every rollout; the store says what changes. */
export function PromoteDialog({ document, flags, from, to, close }: PromoteDialogProps) {
  const comment = useSignal(`From ${from.name}`);
  const key = project.value?.key ?? "";
  const run = useDryRun(({ dryRun, query }) => {
    const source = document.states[from.key] ?? {};
    const states = Object.fromEntries(
      flags.flatMap((flag) => {
        const state = ownOf(source, flag);
        return state ? [[flag, state]] : [];
      }),
    );
    const json: ExportDocument = {
      format: "blastdoor-export-1",
      project: key,
      environments: { [to.key]: {} },
      flags: {},
      states: { [to.key]: states },
      segments: {},
      layers: {},
      holdouts: {},
    };
    return answer(
      api.projects[":project"].import.$post({
        param: { project: key },
        query: { ...query, dryRun: dryRun ? "true" : "false", comment: comment.value },
        header: {},
        json,
      }),
    );
  });
  useEffect(() => {
    void run.look();
  }, []);
  const promote = () =>
    run.carryOut(async ({ revision }) => {
      await openProject(key);
      tell(`Promoted to ${to.name}`, flags.join(", "), undoing(key, [revision]));
      close();
    });
  const words = flags.length === 1 ? flags[0] : `${flags.length} flags`;
  return (
    <Dialog title={`Promote ${words} from ${from.name} to ${to.name}?`} onClose={close} onSubmit={promote} wide>
      <p>
        {isProduction(to) ? "Real people get this at once. " : ""}The same people are in each rollout as in {from.name}.
        Kills stay: only Restore lifts them.
      </p>
      {flags.slice(0, MOST_REACHES).map((flag) => {
        const state = ownOf(document.states[from.key], flag);
        return (
          state && (
            <section key={flag} class="review-part" aria-label={`Whom ${flag} reaches in ${to.name}`}>
              <h3>{flag}</h3>
              <ReachNote place={{ project: key, environment: to.key, flag }} state={state} />
            </section>
          )
        );
      })}
      <DryRunResult run={run} nothing="Nothing would change: they are alike." />
      <CommentField comment={comment} first />
      <DialogActions close={close} disabled={!run.ready}>
        {`Promote to ${to.name}`} <kbd>↵</kbd>
      </DialogActions>
    </Dialog>
  );
}
