import { eachText, type Reference } from "../family.ts";
import type { Operator } from "./schema.ts";
import { textSteps } from "./search-cost.ts";

function compares(finds: (text: string, part: string) => boolean): Reference {
  return {
    holds: eachText(finds),
    // A search pays for the text before it reads it.
    search: (test, given, steps) => {
      steps.left -= textSteps(test, given);
      const folded = (text: string): string => (test.ignoreCase ? text.toLowerCase() : text);
      const parts = (test.values ?? []).filter((value) => typeof value === "string");
      if (steps.left < 0 || parts.length === 0) return { holds: "unknown" };
      return { holds: parts.some((part) => finds(folded(given), folded(part))) ? "true" : "false" };
    },
  };
}

/** Texts that begin or end so are found by trying each value. */
const triesEach: NonNullable<Reference["triesEach"]> = ({ ignoreCase }) => !ignoreCase;

export const reference: Record<Operator, Reference> = {
  contains: compares((text, part) => text.includes(part)),
  starts_with: { ...compares((text, part) => text.startsWith(part)), triesEach },
  ends_with: { ...compares((text, part) => text.endsWith(part)), triesEach },
};
