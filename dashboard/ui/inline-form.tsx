import type { ComponentChildren } from "preact";

/** A form in one row, which Enter in any of its fields sends. */
export function InlineForm({ submit, children }: { submit: () => void; children: ComponentChildren }) {
  return (
    <form
      class="inline-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {children}
    </form>
  );
}
