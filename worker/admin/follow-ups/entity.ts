import { followUp } from "../../../shared/schema/follow-up.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const followUpEntity = {
  /** Something to be done after a kill or a rollback. */
  followUp: defineEntity({
    schema: followUp,
    scope: "environment",
    whenDeleted: "removed",
    limit: "followUpsPerEnvironment",
    rights: only("engineer", "follow-up", "followUps"),
  }),
};
