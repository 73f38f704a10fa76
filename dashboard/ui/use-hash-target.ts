import { useEffect, useReducer } from "preact/hooks";

/** A page that loads its parts one by one still shows the part that the address names, once that part is there. */
export function useHashTarget(): void {
  useEffect(() => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (id === "") return;
    const show = () => {
      const target = document.getElementById(id);
      target?.scrollIntoView();
      return target !== null;
    };
    if (show()) return;
    const observer = new MutationObserver(() => {
      if (show()) observer.disconnect();
    });
    observer.observe(document.body, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, []);
}

/** The anchor that the address names, `#` included; follows links within the page. */
export function useHash(): string {
  const [, look] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => {
    const changed = () => look(undefined);
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  // Read anew each time: a change of the rest of the address takes it away without telling.
  return location.hash;
}
