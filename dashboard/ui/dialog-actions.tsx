import type { ComponentChildren } from "preact";

interface DialogActionsProps {
  /** What the button that goes on says. */
  children: ComponentChildren;
  close: () => void;
  disabled?: boolean;
  /** What it does takes something away. */
  kills?: boolean;
  /** Which button the dialog opens with; left out, whatever field says so. */
  first?: "cancel" | "go-on" | undefined;
}

/** The end of a dialog: away without a trace, or on. */
export function DialogActions({ children, close, disabled, kills = false, first }: DialogActionsProps) {
  return (
    <footer class="dialog-actions">
      <button type="button" class="button" data-first={first === "cancel" || undefined} onClick={close}>
        Cancel
      </button>
      <button
        type="submit"
        class={`button ${kills ? "button-kill" : "button-primary"}`}
        data-first={first === "go-on" || undefined}
        disabled={disabled}
      >
        {children}
      </button>
    </footer>
  );
}
