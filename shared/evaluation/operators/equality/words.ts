import type { OperatorWords } from "../family.ts";
import type { Operator } from "./schema.ts";

export const words: Record<Operator, OperatorWords> = {
  equals: ["is", "is not"],
  in: ["is one of", "is none of"],
};
