/** The pages of a project, as the header and the command bar name them. */
export const PAGES = [
  ["flags", "Flags"],
  ["playground", "Playground"],
  ["history", "History"],
  ["segments", "Segments"],
  ["settings", "Settings"],
] as const;
