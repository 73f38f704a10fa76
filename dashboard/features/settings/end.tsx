import { endsSoon, endWords } from "../../domain/words/lifetime-words.ts";
import { exactly } from "../../domain/words/time-words.ts";

/** When a key or token expires, pointed out when that is soon. */
export function End({ of }: { of: Parameters<typeof endWords>[0] }) {
  const words = endWords(of);
  if (words === null) return null;
  return (
    <span class={endsSoon(of) ? "chip chip-soon" : "muted"} title={of.expiresAt && exactly(of.expiresAt)}>
      {words}
    </span>
  );
}
