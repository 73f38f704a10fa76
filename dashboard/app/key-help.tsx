import { signal } from "@preact/signals";
import { Dialog } from "../ui/dialog.tsx";
import { singleKeys, useKeys } from "../ui/keys.ts";

const KEYS = [
  ["Ctrl K", "Jump to a flag, a page or an action"],
  ["/", "Search the list"],
  ["↑ ↓", "Move between flags"],
  ["1 2 3", "Switch the flag in the first, second, third environment"],
  ["Enter", "Open the flag"],
  ["x", "Tick the flag, to archive or kill several"],
  ["k", "Kill the flag…"],
  ["r", "Restore it…"],
  ["n", "New flag"],
  ["Ctrl S", "Review and save changes"],
  ["Esc", "Close"],
  ["?", "This list"],
] as const;

/** Opened by its key, and from the person menu, where it is found also while single keys are off. */
export const showingKeys = signal(false);

export function KeyHelp() {
  const open = showingKeys;
  useKeys({
    "?": () => {
      open.value = true;
    },
  });
  if (!open.value) return null;
  return (
    <Dialog
      title="Keys"
      onClose={() => {
        open.value = false;
      }}
    >
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onChange={(event) => {
            singleKeys.value = event.currentTarget.checked;
          }}
        />
        Single keys act on the page
      </label>
      <dl class="key-help">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
