import type { Samples } from "../family.ts";
import type { Operator } from "./schema.ts";

const PATTERNS = ["^p", "o$", "(a|b)+@", "[", "x.example", "^$", "P"];

export const samples: Samples<Operator> = {
  attributes: { plan: ["pro", "Pro", "ab@x.example", "", "P"] },
  values: { matches: PATTERNS },
};
