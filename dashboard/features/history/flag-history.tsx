import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { answer, api } from "../../domain/api.ts";
import { seenRevision } from "../../domain/project.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { Problem } from "../../ui/problem.tsx";
import { type AuditEntry, HistoryRow } from "./history-row.tsx";
import { RevertDialog, type Reverting } from "./revert-dialog.tsx";

const SHOWN = 30;

/** What happened to one flag, in every environment, the latest first. */
export function FlagHistory({ project, flag }: SectionProps) {
  const rows = useSignal<AuditEntry[] | null>(null);
  const problem = useSignal<unknown>(null);
  const reverting = useSignal<Reverting | null>(null);
  useEffect(() => {
    const query = { flag: flag.key, limit: `${SHOWN}` };
    answer(api.projects[":project"].audit.search.$get({ param: { project }, query })).then(
      (page) => {
        rows.value = page.rows as AuditEntry[];
        problem.value = null;
      },
      (error) => {
        problem.value = error;
      },
    );
  }, [project, flag.key, seenRevision.value]);
  return (
    <section class="stack" aria-labelledby="flag-history">
      <div class="section-head">
        <h2 id="flag-history">History</h2>
        <a href={`/p/${project}/history?flag=${encodeURIComponent(flag.key)}`}>Search and filter</a>
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      {rows.value === null && problem.value === null && <div class="skeleton skeleton-small" />}
      <ol class="history">
        {rows.value?.map((row) => (
          <HistoryRow
            key={row.revision}
            row={row}
            flag={flag.key}
            revert={(what) => {
              reverting.value = what;
            }}
          />
        ))}
      </ol>
      {reverting.value !== null && (
        <RevertDialog
          reverting={reverting.value}
          close={() => {
            reverting.value = null;
          }}
        />
      )}
    </section>
  );
}
