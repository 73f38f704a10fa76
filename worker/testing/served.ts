import { evaluate, prepare } from "../../shared/evaluation/run/evaluate.ts";
import type { Loaded } from "../evaluation/edge/loaded.ts";

/** What a flag serves with what the edge knows; the edge's own word when it knows nothing. */
export function served(
  got: Loaded | "missing" | "unreachable" | undefined,
  flag = "checkout",
): string | null | undefined {
  if (got === undefined || typeof got === "string") return got;
  return evaluate(got.compiled, flag, prepare(got.compiled, { targetingKey: "u1" }, 0))?.variant;
}
