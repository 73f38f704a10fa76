import { z } from "zod";
import { breachEvidence } from "../../../shared/schema/guard.ts";
import { instant, key } from "../../../shared/schema/primitives.ts";
import { type DocumentChange, defineEntity, type ProjectFacts, type Right } from "../kernel/define-entity.ts";
import { changingFlag, flagsNamed, influencing } from "../kernel/flag-rights.ts";

const kill = z.strictObject({
  flag: key,
  variant: key.optional(),
  serve: key.nullable(),
  revision: z.int(),
  comment: z.string(),
  by: z.string(),
  at: instant,
  /** When the trouble began, by evidence of monitoring or as a person said. */
  onsetAt: instant.optional(),
  /** Project revision of the restore. Kept until a snapshot without the kill is out. */
  clearedRevision: z.int().optional(),
  /** Of a guard's kill: the numbers behind it. */
  evidence: breachEvidence.optional(),
});

export const killEntities = {
  /** A break-glass kill, by its id, that has been restored. */
  tombstone: defineEntity({
    schema: z.strictObject({ flag: key }),
    scope: "environment",
    whenDeleted: "removed",
    rights: ({ environment, before, after }, facts) =>
      flagsNamed(before, after).flatMap((flag) => [
        ...changingFlag(facts, flag, `the kills in ${environment}`, "kills"),
        ...influencing(facts, environment, flag),
      ]),
  }),
  /** Only restore clears one: an environment or project that is made anew must not find a killed flag live. */
  kill: defineEntity({ schema: kill, scope: "environment", whenDeleted: "kept", rights: killRights }),
};

function killRights(
  { environment, before, after }: DocumentChange<z.infer<typeof kill>>,
  facts: ProjectFacts,
): Right[] {
  const rights = flagsNamed(before, after).flatMap((flag) =>
    changingFlag(facts, flag, `the kills in ${environment}`, "kills"),
  );
  if (after && after.onsetAt !== before?.onsetAt) {
    const what = "the time to restore would count from a time that the request states";
    rights.push({ needs: "engineer", field: "onsetAt", what });
  }
  const lifts = before !== null && (after === null || after.clearedRevision !== undefined);
  return lifts ? [...rights, ...influencing(facts, environment, before.flag)] : rights;
}
