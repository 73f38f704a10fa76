import { useSignal } from "@preact/signals";
import type { ExportDocument } from "../../../shared/schema/admin.ts";
import { answer, api } from "../../domain/api.ts";
import { openProject } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { DryRunResult } from "../../editors/dry-run.tsx";
import { undoing } from "../../editors/undo.ts";
import { changesWords, useDryRun } from "../../editors/use-dry-run.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { complain, tell } from "../../ui/toasts.tsx";

/** The whole project as a file, out and in again; what a file would change is shown before it does. */
export function TransferSettings({ project }: { project: string }) {
  const document = useSignal<ExportDocument | null>(null);
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
  const run = useDryRun(({ dryRun, query }) =>
    answer(
      api.projects[":project"].import.$post({
        param,
        query: { ...query, dryRun: dryRun ? "true" : "false" },
        header: {},
        json: document.value as ExportDocument,
      }),
    ),
  );
  const look = async (file: File | undefined) => {
    if (!file) return;
    problem.value = null;
    run.forget();
    try {
      const parsed: unknown = JSON.parse(await file.text());
      if (typeof parsed !== "object" || parsed === null) throw new Error("The file does not hold a project");
      document.value = parsed as ExportDocument;
      await run.look();
    } catch (error) {
      problem.value = error;
    }
  };
  const close = () => {
    if (run.doing) return;
    run.forget();
    document.value = null;
  };
  const carryOut = () =>
    run.carryOut(async ({ revision }) => {
      await openProject(project);
      document.value = null;
      tell("Imported", undefined, undoing(project, [revision]));
    });
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
      {document.value && (
        <Dialog title="Import this file?" onClose={close} onSubmit={carryOut} wide>
          <DryRunResult run={run} nothing="Nothing would change: the project already is like the file." />
          <DialogActions close={close} first="cancel" disabled={!run.ready}>
            {run.changes && run.changes.length > 0 ? `Import ${changesWords(run.changes.length)}` : "Import"}
          </DialogActions>
        </Dialog>
      )}
    </section>
  );
}
