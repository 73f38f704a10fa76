import { freeze } from "../../../shared/schema/freeze.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const freezeEntity = {
  freeze: defineEntity({
    schema: freeze,
    scope: "environment",
    whenDeleted: "removed",
    limit: "freezesPerEnvironment",
    rights: only("engineer", "freeze window", "freezes"),
  }),
};
