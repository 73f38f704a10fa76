import type { SigningKeyView } from "../../../shared/schema/signed-context.ts";
import type { ProjectView } from "../../objects/flag-store/entities.ts";

export const signingKeyViews = (view: ProjectView, environment: string): SigningKeyView[] =>
  view.list("signingKey", environment).map(({ key, body }) => ({ id: key, ...body }));
