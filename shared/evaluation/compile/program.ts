import { NONE, type Step } from "../model/program.ts";
import type { Split } from "../model/split.ts";

/** The result of a flag that serves everybody alike beneath kills; NONE for any other. */
export const constantResult = ({ condition, served }: Step): number =>
  condition === null && typeof served === "number" ? served : NONE;

/** The split that everybody comes to first, whatever else is in the context; null when a flag begins otherwise. */
export const leadingSplit = ({ condition, served }: Step): Split | null =>
  condition === null && typeof served === "object" ? served : null;
