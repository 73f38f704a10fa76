import type { OperatorWords } from "../family.ts";
import type { Operator } from "./schema.ts";

export const words: Record<Operator, OperatorWords> = {
  matches: ["matches the pattern", "does not match the pattern"],
};
