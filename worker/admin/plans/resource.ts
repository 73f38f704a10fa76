import type { ProjectView } from "../../objects/flag-store/entities.ts";
import { defineResource, type ViewedAt } from "../kernel/define-resource.ts";
import { planCommands } from "./commands.ts";
import {
  advancePlan,
  deletePlan,
  pausePlan,
  putPlan,
  resumePlan,
  rollbackPlan,
  startPlan,
  stepBackPlan,
} from "./decide.ts";
import { planViewOf } from "./view.ts";

const after = (view: ProjectView, { environment, flag }: { environment: string; flag: string }, { now }: ViewedAt) =>
  planViewOf(view, environment, flag, now);

export const plan = defineResource({
  commands: planCommands,
  decide: { putPlan, deletePlan, startPlan, pausePlan, resumePlan, advancePlan, stepBackPlan, rollbackPlan },
  view: {
    putPlan: after,
    deletePlan: null,
    startPlan: after,
    pausePlan: after,
    resumePlan: after,
    advancePlan: after,
    stepBackPlan: after,
    rollbackPlan: after,
  },
});
