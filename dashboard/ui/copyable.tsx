import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

/** A text to take away, such as a link or a secret. */
export function Copyable({ text, note }: { text: string; note: ComponentChildren }) {
  const copied = useSignal(false);
  return (
    <div class="shown-once" role="status">
      <p>{note}</p>
      <div class="row">
        <code class="secret">{text}</code>
        <button
          type="button"
          class="button button-small"
          onClick={() => {
            void navigator.clipboard.writeText(text).then(() => {
              copied.value = true;
            });
          }}
        >
          <Icon name={copied.value ? "check" : "copy"} /> {copied.value ? "Copied" : "Copy"}
        </button>
      </div>
    </div>
  );
}
