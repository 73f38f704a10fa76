import type { AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: { plan: "the release plan" },
  actions: {
    putPlan: "wrote the release plan of",
    deletePlan: "deleted the release plan of",
    startPlan: "started the release of",
    pausePlan: "paused the release of",
    resumePlan: "went on with the release of",
    advancePlan: "took the release on of",
    stepBackPlan: "took the release a stage back of",
    rollbackPlan: "rolled back the release of",
  },
};
