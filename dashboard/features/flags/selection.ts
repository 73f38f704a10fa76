import { signal } from "@preact/signals";
import type { FlagView } from "../../domain/api.ts";
import { environment } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";

/** Keys of the flags that are ticked in the list. */
export const selection = signal<ReadonlySet<string>>(new Set());
/** The one ticked last: Shift extends from it. */
let anchor: string | null = null;

/** Whether there is something to do with a flag in a selection: to kill it in the environment shown, or to archive it. */
export const mayTick = ({ purpose, archivedAt }: FlagView): boolean =>
  archivedAt === undefined &&
  (mayChange(purpose) || (environment.value !== null && mayChange(purpose, environment.value.key)));

/** Ticks a flag or takes its tick away; with `order`, all between it and the one ticked before as well. */
export function tick(key: string, order?: readonly string[]): void {
  const next = new Set(selection.value);
  const isTicked = !next.has(key);
  const keys = order && anchor !== null ? between(order, anchor, key) : [key];
  for (const one of keys) {
    if (isTicked) next.add(one);
    else next.delete(one);
  }
  anchor = key;
  selection.value = next;
}

export function tickAll(keys: readonly string[], isTicked: boolean): void {
  anchor = null;
  selection.value = new Set(isTicked ? keys : []);
}

function between(order: readonly string[], from: string, to: string): readonly string[] {
  const ends = [order.indexOf(from), order.indexOf(to)].sort((a, b) => a - b);
  const [first = -1, last = -1] = ends;
  return first < 0 ? [to] : order.slice(first, last + 1);
}
