import type { Samples } from "../family.ts";
import type { Operator } from "./schema.ts";

export const samples: Samples<Operator> = {
  attributes: { constructor: ["", 0, null, false] },
  values: { exists: null },
};
