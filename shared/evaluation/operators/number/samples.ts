import type { Samples } from "../family.ts";
import type { Operator } from "./schema.ts";

const NUMBERS = [0, -1, 1, 18, 18.5, 1e21, 2 ** 53];

export const samples: Samples<Operator> = {
  attributes: { age: NUMBERS },
  values: { gt: NUMBERS, gte: NUMBERS, lt: NUMBERS, lte: NUMBERS },
};
