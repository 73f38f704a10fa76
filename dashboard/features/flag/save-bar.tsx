import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { discard, isEdited } from "../../editors/documents.ts";
import { Icon } from "../../ui/icon.tsx";
import { ReviewDialog } from "./review-dialog.tsx";
import { changesAt, type Part } from "./unsaved-changes.ts";

/** Stays at the bottom while anything is unsaved, in any environment of the flag. */
export function SaveBar({ parts }: { parts: readonly Part[] }) {
  const reviewing = useSignal(false);
  const edited = parts.filter(({ place }) => isEdited(place));
  const count = edited.reduce((sum, { place }) => sum + Math.max(1, changesAt(place).length), 0);
  useLayoutEffect(() => {
    if (count === 0) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
      event.preventDefault();
      reviewing.value = true;
    };
    addEventListener("beforeunload", ask);
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("beforeunload", ask);
      removeEventListener("keydown", onKey);
    };
  }, [count === 0]);
  if (count === 0) return null;
  return (
    <>
      <section class="save-bar" aria-label="Unsaved changes">
        <strong role="status">{count === 1 ? "1 unsaved change" : `${count} unsaved changes`}</strong>
        <span class="muted clip">{`in ${edited.map(({ where }) => where).join(", ")}`}</span>
        <button
          type="button"
          class="button"
          onClick={() => {
            for (const { place } of edited) discard(place);
          }}
        >
          Discard
        </button>
        <button
          type="button"
          class="button button-primary"
          onClick={() => {
            reviewing.value = true;
          }}
        >
          <Icon name="check" /> Review and save
        </button>
      </section>
      {reviewing.value && (
        <ReviewDialog
          parts={edited}
          close={() => {
            reviewing.value = false;
          }}
        />
      )}
    </>
  );
}
