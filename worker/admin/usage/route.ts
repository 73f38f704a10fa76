import { usageView } from "../../../shared/schema/usage.ts";
import { flagStore } from "../../objects/stubs.ts";
import { found } from "../kernel/execute.ts";
import { adminRoute, json, params } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

/** What apps ask for: who is still used, and what conditions can be about. */
export const usage = router().openapi(
  adminRoute("viewer", {
    method: "get",
    path: "/projects/{project}/environments/{environment}/usage",
    tags: ["Flags"],
    summary: "When flags were last asked for, and which attributes apps send.",
    description:
      "Edges tell this about once a minute. Previews are not counted. Attributes are sampled from contexts of server keys only; values that may identify somebody are never kept.",
    request: { params: params.environment },
    responses: { 200: json(usageView, "As far as edges have told") },
  }),
  async (c) => {
    const { project, environment } = c.req.valid("param");
    return c.json(found(c, await flagStore(c.env, project).usage(environment), "environment", environment), 200);
  },
);
