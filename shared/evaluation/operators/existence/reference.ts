import type { Reference } from "../family.ts";
import type { Operator } from "./schema.ts";

const isThere: NonNullable<Reference["whole"]> = (attribute) =>
  attribute !== undefined && attribute !== null ? "true" : "false";

export const reference: Record<Operator, Reference> = {
  exists: { holds: (_, element) => isThere(element), whole: isThere },
};
