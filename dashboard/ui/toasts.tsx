import { signal } from "@preact/signals";
import { refusalOf } from "../domain/api.ts";
import { Icon } from "./icon.tsx";

interface Toast {
  id: number;
  kind: "good" | "bad";
  text: string;
  detail?: string | undefined;
  /** Something is still going on. */
  busy?: boolean;
  /** What may be done about it, such as taking it back. */
  action?: ToastAction | undefined;
  /** Of one topic only the latest is shown: what it says of an earlier moment no longer holds. */
  topic?: string | undefined;
}
export interface ToastAction {
  label: string;
  act: () => Promise<unknown>;
}

const STAY_MS = 6_000;
/** What can be undone stays longer: reading takes time, and so does regret. */
const STAY_WITH_ACTION_MS = 15_000;
const toasts = signal<Toast[]>([]);
let last = 0;

function show(toast: Omit<Toast, "id">): number {
  const id = ++last;
  const others = toasts.value.filter(({ topic }) => topic === undefined || topic !== toast.topic);
  toasts.value = [...others.slice(-3), { id, ...toast }];
  // What went wrong stays until it has been read.
  if (toast.kind === "good" && !toast.busy) setTimeout(() => dismiss(id), toast.action ? STAY_WITH_ACTION_MS : STAY_MS);
  return id;
}

const dismiss = (id: number): void => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

export const tell = (text: string, detail?: string, action?: ToastAction, topic?: string): void => {
  show({ kind: "good", text, detail, action, topic });
};

/** Says that something is going on, and goes on saying it: each call of what it gives replaces the detail. */
export function follow(text: string, detail: string, topic?: string): (detail: string, isOver: boolean) => void {
  const id = show({ kind: "good", text, detail, busy: true, topic });
  return (next, isOver) => {
    toasts.value = toasts.value.map((toast) => (toast.id === id ? { ...toast, detail: next, busy: !isOver } : toast));
    if (isOver) setTimeout(() => dismiss(id), STAY_MS);
  };
}

/** Says that something was done and did not succeed. */
export const warn = (text: string, detail?: string): void => {
  show({ kind: "bad", text, detail });
};

/** Says what was not done and why, in the server's words. */
export function complain(what: string, error: unknown): void {
  const refusal = refusalOf(error);
  show({ kind: "bad", text: what, detail: refusal.words });
}

async function carryOut(id: number, { label, act }: ToastAction): Promise<void> {
  dismiss(id);
  try {
    await act();
  } catch (error) {
    complain(`${label} did not work`, error);
  }
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, kind, text, detail, busy, action }) => (
        <div key={id} class={`toast toast-${kind}`}>
          {busy ? <span class="spinner" /> : <Icon name={kind === "good" ? "check" : "alert"} />}
          <div>
            <strong>{text}</strong>
            {detail && <p>{detail}</p>}
          </div>
          {action && (
            <button type="button" class="button button-small" onClick={() => void carryOut(id, action)}>
              {action.label}
            </button>
          )}
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
