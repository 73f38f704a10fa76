import type { Signal } from "@preact/signals";

interface TextFieldProps {
  label: string;
  value: Signal<string>;
  inputMode?: "numeric";
  maxLength?: number;
  /** What somebody might write here. */
  placeholder?: string | undefined;
  /** Whether the dialog around it opens with it. */
  first?: boolean;
}

/** One line of text, kept in a signal. */
export function TextField({ label, value, first, ...input }: TextFieldProps) {
  return (
    <label class="field">
      <span class="label">{label}</span>
      <input
        {...input}
        data-first={first || undefined}
        value={value.value}
        onInput={(event) => {
          value.value = event.currentTarget.value;
        }}
      />
    </label>
  );
}
