/** A page of docs/ that is written from the code, whole: `npm run docs` writes it, a test compares it. */
export interface GeneratedPage {
  /** Below the root, such as `docs/limits.md`. */
  readonly file: string;
  readonly text: () => string;
}

/** A cell of a Markdown table: no bar and no line break may end it early. */
export const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ").trim();

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.map(cell).join(" | ")} |`).join("\n");
