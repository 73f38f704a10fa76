import { useSignal } from "@preact/signals";
import type { ExportDocument } from "../../shared/schema/admin.ts";
import { answer, api } from "../api.ts";
import { ChangeList } from "../flag/change-list.tsx";
import { Dialog } from "../frame/dialog.tsx";
import { DialogActions } from "../frame/dialog-actions.tsx";
import { Icon } from "../frame/icon.tsx";
import { Problem } from "../frame/problem.tsx";
import { complain, tell } from "../frame/toasts.tsx";
import { type AuditEntry, allChanges } from "../history/history-row.tsx";
import { openProject } from "../project.ts";
import { may } from "../session.ts";
import type { Change } from "../words/change-words.ts";

/** The whole project as a file, out and in again; what a file would change is shown before it does. */
export function TransferSettings({ project }: { project: string }) {
  const document = useSignal<ExportDocument | null>(null);
  const preview = useSignal<Change[] | null>(null);
  const problem = useSignal<unknown>(null);
  const param = { project };
  const save = async () => {
    try {
      const text = JSON.stringify(await answer(api.projects[":project"].export.$get({ param })), null, 2);
      const link = window.document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      link.download = `${project}-flags.json`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      complain("Nothing was exported", error);
    }
  };
  const send = (json: ExportDocument, dryRun: boolean) =>
    answer(
      api.projects[":project"].import.$post({ param, query: { dryRun: dryRun ? "true" : "false" }, header: {}, json }),
    );
  const look = async (file: File | undefined) => {
    if (!file) return;
    problem.value = null;
    preview.value = null;
    try {
      const json: ExportDocument = JSON.parse(await file.text());
      const { changes } = await send(json, true);
      preview.value = allChanges(changes as AuditEntry["changes"]);
      document.value = json;
    } catch (error) {
      problem.value = error;
    }
  };
  const close = () => {
    document.value = null;
  };
  const carryOut = async () => {
    if (!document.value) return;
    try {
      await send(document.value, false);
      await openProject(project);
      close();
      tell("Imported", "The history can undo it.");
    } catch (error) {
      problem.value = error;
      close();
    }
  };
  return (
    <section class="card stack" aria-labelledby="transfer">
      <h2 id="transfer">Export and import</h2>
      <p class="muted">
        Flags, their states, segments, layers and holdouts, with everybody's place in every rollout. No keys.
      </p>
      {problem.value !== null && <Problem error={problem.value} />}
      <div class="row">
        <button type="button" class="button" onClick={save}>
          <Icon name="down" /> Export
        </button>
        {may("engineer") && (
          <label class="button file-button">
            <Icon name="up" /> Import a file…
            <input
              type="file"
              accept="application/json,.json"
              onChange={(event) => {
                void look(event.currentTarget.files?.[0]);
                event.currentTarget.value = "";
              }}
            />
          </label>
        )}
      </div>
      {document.value && preview.value && (
        <Dialog title="Import this file?" onClose={close} onSubmit={carryOut} wide>
          {preview.value.length === 0 ? (
            <p class="note-plain">Nothing would change: the project already is like the file.</p>
          ) : (
            <section class="review-part">
              <h3>{`${preview.value.length} changes`}</h3>
              <ChangeList changes={preview.value.slice(0, 300)} />
            </section>
          )}
          <DialogActions close={close} first="cancel" disabled={preview.value.length === 0}>
            Import
          </DialogActions>
        </Dialog>
      )}
    </section>
  );
}
