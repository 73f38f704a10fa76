import { z } from "zod";
import { budgetFields } from "../../../shared/schema/quota.ts";
import { type DocumentChange, defineEntity, fate, type Right } from "../kernel/define-entity.ts";

/** The key of a project's only budget. */
export const BUDGET = "budget";

const schema = z.strictObject({
  ...budgetFields,
  /** The month in which it was warned of last. */
  warnedMonth: z.string().optional(),
});

export const budgetEntity = {
  budget: defineEntity({ schema, scope: "project", whenDeleted: "removed", rights }),
};

function rights({ before, after }: DocumentChange<z.infer<typeof schema>>): Right[] {
  const isWarning =
    before && after && before.evaluationsPerMonth === after.evaluationsPerMonth && before.warnAt === after.warnAt;
  return [{ needs: isWarning ? "engineer" : "admin", field: "budget", what: `the budget ${fate({ before, after })}` }];
}
