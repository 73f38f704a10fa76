import { useSignal } from "@preact/signals";
import type { Conflict } from "../../editors/merge.ts";
import { Dialog } from "../../ui/dialog.tsx";

interface ConflictChoiceProps {
  conflicts: readonly Conflict[];
  choose: (mine: ReadonlySet<string>) => void;
  close: () => void;
}

/** Two people changed the same thing. Nothing is lost: each place shows both, and yours is kept unless you say so. */
export function ConflictChoice({ conflicts, choose, close }: ConflictChoiceProps) {
  const mine = useSignal<ReadonlySet<string>>(new Set(conflicts.map(({ unit }) => unit)));
  const take = (unit: string, isMine: boolean) => {
    const next = new Set(mine.value);
    if (isMine) next.add(unit);
    else next.delete(unit);
    mine.value = next;
  };
  return (
    <Dialog title="Somebody else changed this meanwhile" onClose={close} onSubmit={() => choose(mine.value)} wide>
      <p>
        Nothing you typed is lost, and nothing is saved yet. Where only one of you made a change, it is kept. Choose for
        the rest:
      </p>
      {conflicts.map(({ unit, mine: ours, theirs }) => (
        <fieldset key={unit} class="conflict">
          <legend class="unseen">{unit}</legend>
          {[
            { side: "Yours", text: ours, isMine: true },
            { side: "Theirs", text: theirs, isMine: false },
          ].map(({ side, text, isMine }) => (
            <label key={side} class="choice-card">
              <input
                type="radio"
                name={unit}
                checked={mine.value.has(unit) === isMine}
                onChange={() => take(unit, isMine)}
              />
              <span>
                <strong>{side}</strong>
                <span class="muted">{text || "as it was"}</span>
              </span>
            </label>
          ))}
        </fieldset>
      ))}
      <footer class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          Back to editing
        </button>
        <button type="submit" class="button button-primary" data-first>
          Go on to review
        </button>
      </footer>
    </Dialog>
  );
}
