/** The control that a label of the form belongs to: by its visible label, or by the name that it has for screen readers. */
function controlOf(form: Element, label: string): HTMLElement | null {
  for (const control of form.querySelectorAll<HTMLElement>("input, select, textarea")) {
    const named = control.getAttribute("aria-label") ?? control.closest("label")?.textContent ?? "";
    if (named.trim().startsWith(label)) return control;
  }
  return null;
}

/** What is wrong with a field of the form. */
export interface FieldFault {
  label: string;
  words: string;
  /** The element that says so to screen readers. */
  id: string;
}

/**
 * Says at each field that a refusal names what is wrong with it, and leads there from the list of faults; the first gets
 * the focus. A field without a visible label keeps its line in the list.
 *
 * @returns takes the marks away
 */
export function markFields(problem: Element, faults: readonly FieldFault[]): () => void {
  const form = problem.closest("form, dialog, section, main");
  const undo: (() => void)[] = [];
  const marked: HTMLElement[] = [];
  for (const { label, words, id } of faults) {
    const control = form && label !== "" ? controlOf(form, label) : null;
    if (!control || marked.includes(control)) continue;
    marked.push(control);
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-errormessage", id);
    undo.push(() => {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-errormessage");
    });
    const field = control.closest<HTMLElement>("label.field");
    const line = document.getElementById(id);
    if (!field || !line) continue;
    field.dataset.error = words;
    line.classList.add("unseen");
    undo.push(() => {
      delete field.dataset.error;
      line.classList.remove("unseen");
    });
  }
  marked[0]?.focus();
  return () => {
    for (const one of undo) one();
  };
}
