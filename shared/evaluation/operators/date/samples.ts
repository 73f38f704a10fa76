import type { Samples } from "../family.ts";
import type { Operator } from "./schema.ts";

const INSTANTS = ["2026-11-22T12:00:00Z", "2026-11-22T12:30:00+01:00", "2026-11-22", "2027-01-01T00:00:00.5Z"];
const NOON = Date.parse("2026-11-22T12:00:00Z");

export const samples: Samples<Operator> = {
  attributes: { at: [...INSTANTS, "2026-11-22T12:00:00", "2026-02-30", NOON, NOON - 1, 8.64e15 + 1] },
  values: { before: INSTANTS, after: INSTANTS },
};
