import { effect, signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";

const STORED = "blastdoor-single-keys";
/**
 * Whether single keys act. Somebody who speaks, or whose hand slips, presses letters that are meant for no page (WCAG
 * 2.1.4), so they can be switched off; arrows and what is held with Ctrl go on working.
 */
export const singleKeys = signal(localStorage.getItem(STORED) !== "off");
effect(() => {
  localStorage.setItem(STORED, singleKeys.value ? "on" : "off");
});

type Keys = Record<string, (event: KeyboardEvent) => void>;

/** Whether the person is writing, so that letters are letters. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "range", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

/** Single keys of a page. They rest while somebody types or a dialog is open. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const act = latest.current[event.key];
      if (!act || (event.key.length === 1 && !singleKeys.value)) return;
      event.preventDefault();
      act(event);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
}
