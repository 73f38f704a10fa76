import { signal } from "@preact/signals";

const query = matchMedia("(max-width: 52rem)");
const narrow = signal(query.matches);
query.addEventListener("change", () => {
  narrow.value = query.matches;
});

/** Whether the window is a phone's, where rows become cards of one environment. */
export const useNarrow = (): boolean => narrow.value;
