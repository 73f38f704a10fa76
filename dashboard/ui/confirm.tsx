import { signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Dialog } from "./dialog.tsx";
import { DialogActions } from "./dialog-actions.tsx";
import { TextField } from "./text-field.tsx";

interface Question {
  title: string;
  /** What follows from yes. */
  text: ComponentChildren;
  /** The button that says yes. */
  action: string;
  /** What has to be typed before yes can be said: for what cannot be taken back. */
  name?: string;
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
  const typed = useSignal("");
  const question = asked.value;
  useEffect(() => {
    typed.value = "";
  }, [question]);
  if (!question) return null;
  const { title, text, action, name, answer } = question;
  const isNamed = name === undefined || typed.value.trim() === name;
  return (
    <Dialog title={title} onClose={() => answer(false)} onSubmit={() => isNamed && answer(true)} tone="killed">
      {typeof text === "string" ? <p>{text}</p> : text}
      {name !== undefined && <TextField label={`Type ${name} to confirm`} value={typed} first />}
      <DialogActions
        close={() => answer(false)}
        first={name === undefined ? "cancel" : undefined}
        disabled={!isNamed}
        kills
      >
        {action}
      </DialogActions>
    </Dialog>
  );
}
