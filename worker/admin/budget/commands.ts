import { z } from "zod";
import { budgetFields } from "../../../shared/schema/quota.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const budgetCommands = defineCommands({
  putBudget: { fields: budgetFields },
  deleteBudget: { fields: {} },
  /** Sent by the store itself, when a month's use passes the share that was set. */
  warnBudget: { fields: { month: z.string().length(7) }, sender: "automation" },
});
