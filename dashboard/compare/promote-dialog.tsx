import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ExportDocument } from "../../shared/schema/admin.ts";
import { answer, api, type Environment } from "../api.ts";
import { ChangeList } from "../flag/change-list.tsx";
import { CommentField } from "../frame/comment-field.tsx";
import { Dialog } from "../frame/dialog.tsx";
import { DialogActions } from "../frame/dialog-actions.tsx";
import { Problem } from "../frame/problem.tsx";
import { tell } from "../frame/toasts.tsx";
import { type AuditEntry, allChanges } from "../history/history-row.tsx";
import { isProduction, openProject, project } from "../project.ts";
import type { Change } from "../words/change-words.ts";

interface PromoteDialogProps {
  document: ExportDocument;
  flags: readonly string[];
  from: Environment;
  to: Environment;
  close: () => void;
}

/** States go from one environment to another, with everybody's place in every rollout; the store says what changes. */
export function PromoteDialog({ document, flags, from, to, close }: PromoteDialogProps) {
  const preview = useSignal<Change[] | null>(null);
  const comment = useSignal(`From ${from.name}`);
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const key = project.value?.key ?? "";
  const send = (dryRun: boolean) => {
    const source = document.states[from.key] ?? {};
    const states = Object.fromEntries(flags.flatMap((flag) => (source[flag] ? [[flag, source[flag]]] : [])));
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
        query: { dryRun: dryRun ? "true" : "false", comment: comment.value },
        header: {},
        json,
      }),
    );
  };
  useEffect(() => {
    send(true).then(
      ({ changes }) => {
        preview.value = allChanges(changes as AuditEntry["changes"]);
      },
      (error) => {
        problem.value = error;
      },
    );
  }, []);
  const promote = async () => {
    if (!preview.value?.length) return;
    busy.value = true;
    problem.value = null;
    try {
      await send(false);
      await openProject(key);
      tell(`Promoted to ${to.name}`, flags.join(", "));
      close();
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  const words = flags.length === 1 ? flags[0] : `${flags.length} flags`;
  return (
    <Dialog title={`Promote ${words} from ${from.name} to ${to.name}?`} onClose={close} onSubmit={promote} wide>
      <p>
        {isProduction(to) ? "Real people get this at once. " : ""}The same people are in each rollout as in {from.name}.
        Kills stay: only Restore lifts them.
      </p>
      {preview.value && (
        <section class="review-part" aria-label="What would change">
          <ChangeList changes={preview.value} />
        </section>
      )}
      {!preview.value && problem.value === null && <p class="muted">Looking at what would change…</p>}
      {problem.value !== null && <Problem error={problem.value} />}
      <CommentField comment={comment} first />
      <DialogActions close={close} disabled={busy.value || !preview.value?.length}>
        {`Promote to ${to.name}`} <kbd>↵</kbd>
      </DialogActions>
    </Dialog>
  );
}
