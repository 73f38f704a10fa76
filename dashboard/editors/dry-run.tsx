import { Problem } from "../ui/problem.tsx";
import { ChangeList } from "./change-list.tsx";
import type { DryRun } from "./use-dry-run.ts";

/** More would be read by nobody, and shown slowly. */
const MOST_SHOWN = 300;

/** What a change would do, or why not; what would expose hidden flags goes on once somebody says that it is meant. */
export function DryRunResult({ run, nothing }: { run: DryRun; nothing: string }) {
  const { changes, problem, exposes } = run;
  return (
    <>
      {changes?.length === 0 && <p class="note">{nothing}</p>}
      {changes && changes.length > 0 && (
        <section class="review-part" aria-label="What would change">
          <ChangeList changes={changes.slice(0, MOST_SHOWN)} />
          {changes.length > MOST_SHOWN && <p class="muted">and {changes.length - MOST_SHOWN} more</p>}
        </section>
      )}
      {!changes && problem === null && <p class="muted">Looking at what would change…</p>}
      {problem !== null && <Problem error={problem} />}
      {exposes && (
        <button
          type="button"
          class="button"
          onClick={(event) => {
            // The button goes away; the keyboard goes on where the dialog began.
            event.currentTarget.closest("dialog")?.querySelector<HTMLElement>("[data-first]")?.focus();
            void run.acknowledge();
          }}
        >
          That is meant, show what would change
        </button>
      )}
    </>
  );
}
