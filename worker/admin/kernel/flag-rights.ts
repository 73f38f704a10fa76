import type { Role } from "../../../shared/schema/admin.ts";
import { CANARY_FLAG } from "../../../shared/schema/drill.ts";
import { type Purpose, TEST_PURPOSES } from "../../../shared/schema/flag.ts";
import type { ProjectFacts, Right } from "./define-entity.ts";

/** The least role that changes flags of a purpose. */
export const roleOfPurpose = (purpose: Purpose): Role =>
  (TEST_PURPOSES as readonly Purpose[]).includes(purpose) ? "marketer" : "engineer";

/** The right to change a flag, by what it is for before and after; engineers' where nobody knows. */
export function changingFlag(facts: ProjectFacts, flag: string, part: string, field: string): Right[] {
  const purposes = facts.purposesOf(flag);
  const shown = purposes.find((purpose) => roleOfPurpose(purpose) === "engineer") ?? purposes[0];
  const noun = shown === undefined ? `flag "${flag}"` : `${shown} flag "${flag}"`;
  const what = part === "" ? `the ${noun} would be changed` : `${part} of the ${noun} would be changed`;
  // The drill's canary is the drill's, whatever it is made as: a test in its place would let no drill pass.
  const anybodys = shown !== undefined && flag !== CANARY_FLAG;
  return [{ needs: anybodys ? roleOfPurpose(shown) : "engineer", field: `${field}.${flag}`, what }];
}

/** The right that a test's change needs when flags that are no tests depend on it: it changes what they serve. */
export function influencing(facts: ProjectFacts, environment: string | null, flag: string): Right[] {
  if (facts.engineers) return [];
  const [dependant] = facts.dependantsOf(environment, flag);
  if (dependant === undefined) return [];
  const { key, purpose } = dependant;
  const what = `"${flag}" would change what the ${purpose} flag "${key}" serves, which depends on it (stopping it is allowed)`;
  return [{ needs: roleOfPurpose(purpose), field: `flags.${flag}`, what }];
}

/** The flags that a document names before and after its change. */
export const flagsNamed = (...bodies: ({ flag: string } | null)[]): string[] => [
  ...new Set(bodies.flatMap((body) => (body ? [body.flag] : []))),
];

export const aFlagFor = (purpose: Purpose): string => `${/^[aeiou]/.test(purpose) ? "an" : "a"} ${purpose} flag`;
