import type { Signal } from "@preact/signals";
import { TextField } from "./text-field.tsx";

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
    <TextField label="Why? (for the history)" value={comment} first={first} maxLength={1000} placeholder={example} />
  );
}
