import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { signOut, who } from "../domain/session.ts";
import { environmentRoleWords, ROLE_WORDS } from "../domain/words/flag-words.ts";
import { Icon } from "../ui/icon.tsx";
import { complain } from "../ui/toasts.tsx";
import { showingKeys } from "./key-help.tsx";
import { NEXT_THEME, type Theme, theme } from "./theme.ts";

const THEME_WORDS: Record<Theme, { text: string; icon: "system" | "sun" | "moon" }> = {
  system: { text: "Theme: System", icon: "system" },
  light: { text: "Theme: Light", icon: "sun" },
  dark: { text: "Theme: Dark", icon: "moon" },
};

/** Who is signed in, the theme, and the way out. */
export function PersonMenu() {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      const inside = event.target instanceof Node && box.current?.contains(event.target);
      const isEscape = event instanceof KeyboardEvent && event.key === "Escape";
      if (isEscape || (!(event instanceof KeyboardEvent) && !inside)) setOpen(false);
    };
    addEventListener("pointerdown", close);
    addEventListener("keydown", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("keydown", close);
    };
  }, [open]);
  if (!who.value) return null;
  const { name, role, environments } = who.value;
  const leave = (everywhere: boolean) =>
    signOut(everywhere).catch((error) => complain("You are still signed in", error));
  const { text, icon } = THEME_WORDS[theme.value];
  return (
    <div class="menu" ref={box}>
      <button
        type="button"
        class="icon-button person"
        aria-label={`Signed in as ${name}`}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon name="person" size={20} />
      </button>
      {open && (
        <div class="menu-list">
          <p class="menu-note">
            <strong>{name}</strong>
            <span>{`${ROLE_WORDS[role].name}: ${ROLE_WORDS[role].explanation}`}</span>
            {environments && <span>{environmentRoleWords(environments)}</span>}
          </p>
          <button
            type="button"
            onClick={() => {
              theme.value = NEXT_THEME[theme.value];
            }}
          >
            <Icon name={icon} /> {text}
          </button>
          <button
            type="button"
            onClick={() => {
              setOpen(false);
              showingKeys.value = true;
            }}
          >
            Keyboard shortcuts…
          </button>
          <button type="button" onClick={() => leave(false)}>
            Sign out
          </button>
          <button type="button" onClick={() => leave(true)}>
            Sign out on every device
          </button>
        </div>
      )}
    </div>
  );
}
