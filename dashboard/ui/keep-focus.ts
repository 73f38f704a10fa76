/** Where the keyboard goes on when what had the focus is gone: the open dialog, else the page. */
function landing(): HTMLElement | null {
  const dialogs = document.querySelectorAll<HTMLElement>("dialog[open]");
  const within = [...dialogs].at(-1) ?? document.querySelector<HTMLElement>("main");
  return within?.querySelector<HTMLElement>("[data-first], h1, h2") ?? within;
}

/**
 * Keeps the focus from falling to the body when the element that has it is taken away: who works by keyboard, or hears
 * the page, would begin at its top again.
 */
export function keepFocus(): () => void {
  let last: Element | null = null;
  const remember = (event: FocusEvent) => {
    last = event.target instanceof Element ? event.target : null;
  };
  const observer = new MutationObserver(() => {
    if (!last || last.isConnected || document.activeElement !== document.body) return;
    last = null;
    const target = landing();
    if (target && target.tabIndex < 0) target.tabIndex = -1;
    target?.focus({ preventScroll: true });
  });
  addEventListener("focusin", remember);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    removeEventListener("focusin", remember);
    observer.disconnect();
  };
}
