import type { OperatorWords } from "../family.ts";
import type { Operator } from "./schema.ts";

export const words: Record<Operator, OperatorWords> = {
  contains: ["contains", "does not contain"],
  starts_with: ["starts with", "does not start with"],
  ends_with: ["ends with", "does not end with"],
};
