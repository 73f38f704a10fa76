import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

interface CopyableProps {
  text: string;
  note: ComponentChildren;
  /** It may be read by anybody, such as a line of code. */
  isPublic?: boolean;
}

/** A text to take away, such as a link, a secret or a line of code. */
export function Copyable({ text, note, isPublic = false }: CopyableProps) {
  const copied = useSignal(false);
  return (
    <div class="shown-once" role={isPublic ? undefined : "status"}>
      <p>{note}</p>
      <div class="row">
        <code class={isPublic ? "copied-line" : "secret"}>{text}</code>
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
