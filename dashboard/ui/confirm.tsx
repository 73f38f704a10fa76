import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Dialog } from "./dialog.tsx";
import { DialogActions } from "./dialog-actions.tsx";

interface Question {
  title: string;
  /** What follows from yes. */
  text: ComponentChildren;
  /** The button that says yes. */
  action: string;
}

const asked = signal<(Question & { answer: (isYes: boolean) => void }) | null>(null);

/** Asks before something that cannot be taken back. */
export const confirmed = (question: Question): Promise<boolean> =>
  new Promise((resolve) => {
    asked.value?.answer(false);
    asked.value = {
      ...question,
      answer: (isYes) => {
        asked.value = null;
        resolve(isYes);
      },
    };
  });

export function ConfirmDialog() {
  if (!asked.value) return null;
  const { title, text, action, answer } = asked.value;
  return (
    <Dialog title={title} onClose={() => answer(false)} onSubmit={() => answer(true)} tone="killed">
      <p>{text}</p>
      <DialogActions close={() => answer(false)} first="cancel" kills>
        {action}
      </DialogActions>
    </Dialog>
  );
}
