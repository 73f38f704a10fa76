import type { OperatorWords } from "../family.ts";
import type { Operator } from "./schema.ts";

export const words: Record<Operator, OperatorWords> = {
  in_cidr: ["is in the network", "is not in the network"],
};
