import { ENDS_WITH, type ScalarTest } from "../../model/predicate.ts";
import { FALSE, TRUE, UNKNOWN } from "../../model/truth.ts";
import { byFunction, never } from "../by-function.ts";

export function edgeTest(op: "starts_with" | "ends_with", wanted: string[], tries: number): ScalarTest {
  if (op === "ends_with" && wanted.length === 1) return { op: ENDS_WITH, operand: wanted[0] as string };
  if (wanted.length === 0) return byFunction(never);
  return byFunction((value) => {
    if (typeof value !== "string") return UNKNOWN;
    for (const part of wanted) if (op === "ends_with" ? value.endsWith(part) : value.startsWith(part)) return TRUE;
    return FALSE;
  }, tries);
}

/** Suffixes such as mail domains differ at their beginning more than at their end, so look there before calling. */
export function endsWith(text: string, suffix: string): boolean {
  const start = text.length - suffix.length;
  if (start < 0 || (suffix.length > 1 && text.charCodeAt(start + 1) !== suffix.charCodeAt(1))) return false;
  return text.endsWith(suffix);
}
