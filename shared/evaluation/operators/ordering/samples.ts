import type { Samples } from "../family.ts";
import type { Operator } from "./schema.ts";

const TEXTS = ["a", "b", "B", "10", "9", "", "ü", "2026-01-01"];

export const samples: Samples<Operator> = {
  attributes: { grade: TEXTS },
  values: { text_gt: TEXTS, text_gte: TEXTS, text_lt: TEXTS, text_lte: TEXTS },
};
