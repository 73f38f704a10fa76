import { z } from "zod";
import { flagDefinition, flagState } from "../../../shared/schema/flag.ts";
import { instant } from "../../../shared/schema/primitives.ts";
import { type DocumentChange, defineEntity, type ProjectFacts, type Right } from "../kernel/define-entity.ts";
import { aFlagFor, changingFlag, influencing } from "../kernel/flag-rights.ts";

const flag = flagDefinition.safeExtend({ seed: z.string(), archivedAt: instant.optional() });

export const flagEntities = {
  /** What a flag serves in one environment. */
  state: defineEntity({ schema: flagState, scope: "environment", whenDeleted: "removed", rights: stateRights }),
  flag: defineEntity({
    schema: flag,
    scope: "project",
    whenDeleted: "removed",
    limit: "flagsPerProject",
    rights: flagRights,
  }),
};

function flagRights({ key, before, after }: DocumentChange<z.infer<typeof flag>>, facts: ProjectFacts): Right[] {
  const field = `flags.${key}`;
  const rights = changingFlag(facts, key, "", "flags");
  if (before && after && before.purpose !== after.purpose) {
    const what = `the flag "${key}" would become ${aFlagFor(after.purpose)}, which was ${aFlagFor(before.purpose)}`;
    rights.push({ needs: "engineer", field: `${field}.purpose`, what });
  }
  // Dependants ask for variants by name; what those hold is nothing to them.
  if (before && after && (before.seed !== after.seed || before.offVariant !== after.offVariant))
    rights.push(...influencing(facts, null, key));
  return rights;
}

function stateRights(change: DocumentChange<z.infer<typeof flagState>>, facts: ProjectFacts): Right[] {
  const { environment, key, after } = change;
  const rights = changingFlag(facts, key, `the state in ${environment}`, `states.${environment}`);
  // A flag that is off turns none of its dependants on, and taking a release back is never refused to who may change it.
  const stops = after === null || !after.enabled || facts.isRolledBack(environment, key);
  return stops ? rights : [...rights, ...influencing(facts, environment, key)];
}
