import type { Samples } from "../family.ts";
import type { Operator } from "./schema.ts";

const TEXTS = ["pro", "Pro", "free", "a@x.example", "", "ü", "constructor"];

export const samples: Samples<Operator> = {
  attributes: { plan: TEXTS },
  values: { contains: TEXTS, starts_with: TEXTS, ends_with: TEXTS },
};
