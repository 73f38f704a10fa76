import type { OperatorWords } from "../family.ts";
import type { Operator } from "./schema.ts";

export const words: Record<Operator, OperatorWords> = {
  gt: ["is more than", "is not more than"],
  gte: ["is at least", "is not at least"],
  lt: ["is less than", "is not less than"],
  lte: ["is at most", "is not at most"],
};
