import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
const stored = document.documentElement.dataset.theme;

export const theme = signal<Theme>(stored === "light" || stored === "dark" ? stored : "system");
export const NEXT_THEME: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

effect(() => {
  const { value } = theme;
  if (value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
  try {
    if (value === "system") localStorage.removeItem("blastdoor-theme");
    else localStorage.setItem("blastdoor-theme", value);
  } catch {
    // Storage is forbidden: the choice lasts as long as the page.
  }
});
