import type { OperatorWords } from "../family.ts";
import type { Operator } from "./schema.ts";

export const words: Record<Operator, OperatorWords> = {
  before: ["is before", "is not before"],
  after: ["is after", "is not after"],
};
