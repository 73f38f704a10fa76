import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { FlagState } from "../../../shared/schema/flag.ts";
import { Refusal } from "../../domain/api.ts";
import { ChangeList } from "../../editors/change-list.tsx";
import { editing, type LostRace, lostRace, save } from "../../editors/documents.ts";
import { exposesHiddenFlag, MEANT, NOT_SAID } from "../../editors/exposure.ts";
import { ReachNote } from "../../editors/reach-note.tsx";
import { undoing } from "../../editors/undo.ts";
import { CommentField } from "../../ui/comment-field.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Problem } from "../../ui/problem.tsx";
import { tell } from "../../ui/toasts.tsx";
import { ConflictChoice } from "./conflict-choice.tsx";
import { changesAt, type Part } from "./unsaved-changes.ts";

interface ReviewDialogProps {
  parts: readonly Part[];
  close: () => void;
}

/** What is about to change, in words; then a comment; then it is saved, or both sides of a lost race are shown. */
export function ReviewDialog({ parts, close }: ReviewDialogProps) {
  const comment = useSignal("");
  const problem = useSignal<unknown>(null);
  const race = useSignal<LostRace | null>(null);
  const busy = useSignal(false);
  /** Revisions made so far: also those of before a part that was refused. */
  const saved = useRef<number[]>([]);
  const exposes = exposesHiddenFlag(problem.value);
  const saveAll = async (query = NOT_SAID) => {
    busy.value = true;
    problem.value = null;
    for (const { place } of parts) {
      try {
        saved.current.push(await save(place, comment.value, query));
      } catch (error) {
        busy.value = false;
        if (error instanceof Refusal && error.status === 412) {
          const lost = await lostRace(place).catch(() => null);
          if (lost && lost.conflicts.length > 0) race.value = lost;
          else {
            lost?.resolve(new Set());
            problem.value = new Refusal(412, {
              title: "Somebody else changed it meanwhile",
              detail:
                "Their changes and yours do not touch each other and are now both here. Look once more, then save.",
            });
          }
        } else problem.value = error;
        return;
      }
    }
    close();
    tell("Saved", parts.map(({ where }) => where).join(", "), undoing(parts[0]?.place.project ?? "", saved.current));
  };
  if (race.value) {
    const { conflicts, resolve } = race.value;
    return (
      <ConflictChoice
        conflicts={conflicts}
        close={close}
        choose={(mine) => {
          resolve(mine);
          race.value = null;
        }}
      />
    );
  }
  return (
    <Dialog title="Review your changes" onClose={close} onSubmit={() => saveAll()} wide>
      {parts.map(({ place, where }) => (
        <section key={where} class="review-part">
          <h3>{where}</h3>
          <ChangeList changes={changesAt(place)} />
          {place.environment !== "" && <ReachNote place={place} state={editing<FlagState>(place)?.value} />}
        </section>
      ))}
      {problem.value !== null && <Problem error={problem.value} />}
      <CommentField comment={comment} example="Looks good at 10 %, going on" first />
      <footer class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          Back
        </button>
        {exposes && (
          <button type="button" class="button" onClick={() => saveAll(MEANT)}>
            Save all the same
          </button>
        )}
        <button type="submit" class="button button-primary" disabled={busy.value || parts.length === 0}>
          {busy.value ? "Saving…" : "Save"} <kbd>↵</kbd>
        </button>
      </footer>
    </Dialog>
  );
}
