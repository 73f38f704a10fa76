/*
 * The second part of the browser script, /blastdoor.js?doors: what a page with fake doors needs beside the first.
 */

interface Opened {
  nonce: string;
  state: string;
  message: string;
  thanks: string;
}

/**
 * Shows a fake door to a visitor for whom it is on, unless they have clicked it before, and counts what they do.
 *
 * @param act asks the server; undefined or null: it did not answer, or refused
 */
export async function door(
  element: HTMLElement,
  act: (action: string, nonce?: string) => Promise<Opened | null | undefined>,
): Promise<void> {
  const open = await act("open");
  // Who cannot be counted is not shown a door to nowhere.
  if (!open) return;
  const say = (words: string): HTMLElement => {
    const note = Object.assign(document.createElement("span"), {
      className: "blastdoor-note",
      tabIndex: -1,
      role: "status",
      textContent: words,
    });
    element.hidden = true;
    element.after(note);
    return note;
  };
  if (open.state === "clicked") {
    say(open.thanks);
    return;
  }
  element.hidden = false;
  element.addEventListener(
    "click",
    (event) => {
      event.stopImmediatePropagation();
      event.preventDefault();
      if (event.isTrusted) act("click", open.nonce);
      say(open.message).focus();
    },
    { capture: true, once: true },
  );
  let view: ReturnType<typeof setInterval>;
  new IntersectionObserver(
    (entries, observer) => {
      clearInterval(view);
      if (!entries.at(-1)?.isIntersecting) return;
      view = setInterval(() => {
        if (document.hidden) return;
        clearInterval(view);
        observer.disconnect();
        act("seen", open.nonce);
      }, 1_000);
    },
    { threshold: 0.5 },
  ).observe(element);
}
