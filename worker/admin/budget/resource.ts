import { defineResource } from "../kernel/define-resource.ts";
import { budgetCommands } from "./commands.ts";
import { deleteBudget, putBudget, warnBudget } from "./decide.ts";

export const budget = defineResource({
  commands: budgetCommands,
  decide: { putBudget, deleteBudget, warnBudget },
  view: { putBudget: null, deleteBudget: null, warnBudget: null },
});
