import { NONE, type Program, type Step } from "../model/program.ts";
import type { Split } from "../model/split.ts";

/** The result of a flag that serves everybody alike beneath kills; NONE for any other. */
export function constantResult({ entries }: Program, flag: number): number {
  const { condition, served } = entries[flag] as Step;
  return condition === null && typeof served === "number" ? served : NONE;
}

/** The split that everybody comes to first, whatever else is in the context; null when a flag begins otherwise. */
export function leadingSplit({ entries }: Program, flag: number): Split | null {
  const { condition, served } = entries[flag] as Step;
  return condition === null && typeof served === "object" ? served : null;
}
