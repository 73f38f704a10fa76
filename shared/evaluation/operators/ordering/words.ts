import type { OperatorWords } from "../family.ts";
import type { Operator } from "./schema.ts";

export const words: Record<Operator, OperatorWords> = {
  text_gt: ["comes after", "does not come after"],
  text_gte: ["is or comes after", "comes before"],
  text_lt: ["comes before", "does not come before"],
  text_lte: ["is or comes before", "comes after"],
};
