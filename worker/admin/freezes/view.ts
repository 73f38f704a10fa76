import type { FreezeView } from "../../../shared/schema/freeze.ts";
import type { Row } from "../../objects/flag-store/entities.ts";

export const freezeView = ({ key, environment, version, body }: Row<"freeze">): FreezeView => ({
  id: key,
  environment,
  version,
  ...body,
});
