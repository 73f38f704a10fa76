import { useSignal } from "@preact/signals";
import { Icon } from "../frame/icon.tsx";

/** A secret that nobody will see again. */
export function ShownOnce({ secret, name }: { secret: string; name: string }) {
  const copied = useSignal(false);
  return (
    <div class="shown-once" role="status">
      <p>
        <strong>{name}</strong> is ready. Copy it now: it is shown only this once.
      </p>
      <div class="row">
        <code class="secret">{secret}</code>
        <button
          type="button"
          class="button button-small"
          onClick={() => {
            void navigator.clipboard.writeText(secret).then(() => {
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
