import { plan } from "../../../shared/schema/plan.ts";
import { defineEntity } from "../kernel/define-entity.ts";
import { changingFlag, influencing } from "../kernel/flag-rights.ts";

export const planEntity = {
  /** How a flag is released, and the run that was started last. */
  plan: defineEntity({
    schema: plan,
    scope: "environment",
    whenDeleted: "removed",
    rights: ({ environment, key, after }, facts) => {
      const needed = changingFlag(facts, key, `the plan in ${environment}`, "plans");
      // A running plan goes on by itself, with the right of the person who let it run.
      return after?.run?.status === "running" ? [...needed, ...influencing(facts, environment, key)] : needed;
    },
  }),
};
