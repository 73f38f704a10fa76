import { useSignal } from "@preact/signals";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { Problem } from "../../ui/problem.tsx";

const GRACES: [seconds: number, words: string][] = [
  [0, "It stops working at once"],
  [3_600, "One hour"],
  [86_400, "One day"],
  [7 * 86_400, "7 days"],
  [30 * 86_400, "30 days"],
];

interface Props {
  title: string;
  /** What uses the secret, for the sentence about what follows. */
  users: string;
  rotate: (graceSeconds: number) => Promise<void>;
  close: () => void;
}

/** Asks how long the present secret works beside the new one. */
export function RotateDialog({ title, users, rotate, close }: Props) {
  const grace = useSignal(86_400);
  const busy = useSignal(false);
  const problem = useSignal<unknown>(null);
  const submit = async () => {
    busy.value = true;
    problem.value = null;
    try {
      await rotate(grace.value);
      close();
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <Dialog title={title} onClose={close} onSubmit={submit}>
      <p>{`A new secret is created and shown once. ${users} until the present one ends.`}</p>
      <label class="field">
        <span class="label">The present one works for</span>
        <select
          data-first
          value={grace.value}
          onChange={(event) => {
            grace.value = Number(event.currentTarget.value);
          }}
        >
          {GRACES.map(([value, words]) => (
            <option key={value} value={value} selected={value === grace.value}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {problem.value !== null && <Problem error={problem.value} />}
      <DialogActions close={close} disabled={busy.value}>
        Rotate
      </DialogActions>
    </Dialog>
  );
}
