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
}

const STAY_MS = 6_000;
const toasts = signal<Toast[]>([]);
let last = 0;

function show(toast: Omit<Toast, "id">): number {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-3), { id, ...toast }];
  // What went wrong stays until it has been read.
  if (toast.kind === "good" && !toast.busy) setTimeout(() => dismiss(id), STAY_MS);
  return id;
}

const dismiss = (id: number): void => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

export const tell = (text: string, detail?: string): void => {
  show({ kind: "good", text, detail });
};

/** Says that something is going on, and goes on saying it: each call of what it gives replaces the detail. */
export function follow(text: string, detail: string): (detail: string, isOver: boolean) => void {
  const id = show({ kind: "good", text, detail, busy: true });
  return (next, isOver) => {
    toasts.value = toasts.value.map((toast) => (toast.id === id ? { ...toast, detail: next, busy: !isOver } : toast));
    if (isOver) setTimeout(() => dismiss(id), STAY_MS);
  };
}

/** Says what was not done and why, in the server's words. */
export function complain(what: string, error: unknown): void {
  const refusal = refusalOf(error);
  show({ kind: "bad", text: what, detail: refusal.words });
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, kind, text, detail, busy }) => (
        <div key={id} class={`toast toast-${kind}`}>
          {busy ? <span class="spinner" /> : <Icon name={kind === "good" ? "check" : "alert"} />}
          <div>
            <strong>{text}</strong>
            {detail && <p>{detail}</p>}
          </div>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
