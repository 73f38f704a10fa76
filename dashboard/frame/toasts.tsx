import { signal } from "@preact/signals";
import { refusalOf } from "../api.ts";
import { Icon } from "./icon.tsx";

interface Toast {
  id: number;
  kind: "good" | "bad";
  text: string;
  detail?: string | undefined;
}

const STAY_MS = 6_000;
const toasts = signal<Toast[]>([]);
let last = 0;

function show(toast: Omit<Toast, "id">): void {
  const id = ++last;
  toasts.value = [...toasts.value.slice(-3), { id, ...toast }];
  // What went wrong stays until it has been read.
  if (toast.kind === "good") setTimeout(() => dismiss(id), STAY_MS);
}

const dismiss = (id: number): void => {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
};

export const tell = (text: string, detail?: string): void => show({ kind: "good", text, detail });

/** Says what was not done and why, in the server's words. */
export function complain(what: string, error: unknown): void {
  const refusal = refusalOf(error);
  show({ kind: "bad", text: what, detail: refusal.words });
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, kind, text, detail }) => (
        <div key={id} class={`toast toast-${kind}`}>
          <Icon name={kind === "good" ? "check" : "alert"} />
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
