import { signingKey } from "../../../shared/schema/signed-context.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const signingKeyEntity = {
  signingKey: defineEntity({
    schema: signingKey,
    scope: "environment",
    whenDeleted: "removed",
    limit: "signingKeysPerEnvironment",
    rights: only("admin", "signing key", "signingKeys"),
  }),
};
