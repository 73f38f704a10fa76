/** The control that a label of the form belongs to: by its visible label, or by the name that it has for screen readers. */
function controlOf(form: Element, label: string): HTMLElement | null {
  for (const control of form.querySelectorAll<HTMLElement>("input, select, textarea")) {
    const named = control.getAttribute("aria-label") ?? control.closest("label")?.textContent ?? "";
    if (named.trim().startsWith(label)) return control;
  }
  return null;
}

/**
 * Marks the fields that a refusal names as wrong, and leads from each to its words; the first gets the focus.
 *
 * @param labels each with the id of the element that says what is wrong
 * @returns takes the marks away
 */
export function markFields(problem: Element, labels: readonly { label: string; id: string }[]): () => void {
  const form = problem.closest("form, dialog, section, main");
  const marked: HTMLElement[] = [];
  for (const { label, id } of labels) {
    const control = form && label !== "" ? controlOf(form, label) : null;
    if (!control || marked.includes(control)) continue;
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-errormessage", id);
    marked.push(control);
  }
  marked[0]?.focus();
  return () => {
    for (const control of marked) {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-errormessage");
    }
  };
}
