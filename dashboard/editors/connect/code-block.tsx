import { useSignal } from "@preact/signals";
import { Icon } from "../../ui/icon.tsx";

/** Code to take along. */
export function CodeBlock({ code, label }: { code: string; label: string }) {
  const copied = useSignal("");
  const isCopied = copied.value === code;
  return (
    <figure class="code-block">
      <figcaption>
        {label}
        <button
          type="button"
          class="button button-small button-plain"
          aria-label={`Copy the code: ${label}`}
          onClick={() => {
            void navigator.clipboard.writeText(code).then(() => {
              copied.value = code;
            });
          }}
        >
          <Icon name={isCopied ? "check" : "copy"} size={14} /> {isCopied ? "Copied" : "Copy"}
        </button>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
      <pre tabIndex={0}>
        <code>{code}</code>
      </pre>
    </figure>
  );
}
