import { eachText, type Reference } from "../family.ts";
import type { Operator } from "./schema.ts";

const compares = (satisfies: (text: string, bound: string) => boolean): Reference => ({ holds: eachText(satisfies) });

export const reference: Record<Operator, Reference> = {
  text_gt: compares((text, bound) => text > bound),
  text_gte: compares((text, bound) => text >= bound),
  text_lt: compares((text, bound) => text < bound),
  text_lte: compares((text, bound) => text <= bound),
};
