import type { Signal } from "@preact/signals";

interface CommentFieldProps {
  comment: Signal<string>;
  /** What somebody might write here. */
  example?: string;
  /** Whether the dialog opens with it. */
  first?: boolean;
}

/** Why a change is made: it stands in the history beside the change. */
export function CommentField({ comment, example, first = false }: CommentFieldProps) {
  return (
    <label class="field">
      <span class="label">Why? (for the history)</span>
      <input
        data-first={first || undefined}
        value={comment.value}
        maxLength={1000}
        placeholder={example}
        onInput={(event) => {
          comment.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}
