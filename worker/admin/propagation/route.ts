import { z } from "@hono/zod-openapi";
import { centre, propagation as propagationView } from "../../../shared/schema/propagation.ts";
import { reportedFigures } from "../../objects/propagation-reports/figures.ts";
import { flagStore } from "../../objects/stubs.ts";
import { found } from "../kernel/execute.ts";
import { adminRoute, json, params } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const answer = z.object({
  last: propagationView.nullable(),
  changes: z.array(propagationView),
  centres: z.array(centre),
});

export const propagation = router().openapi(
  adminRoute("viewer", {
    method: "get",
    path: "/projects/{project}/environments/{environment}/propagation",
    tags: ["Stop button"],
    summary: "How the latest changes travelled: committed, published, first served by each data centre seen.",
    request: { params: params.environment },
    responses: { 200: json(answer, "Newest first; `last` is the first of them") },
  }),
  async (c) => {
    const { project, environment } = c.req.valid("param");
    const figures = await reportedFigures(c.env, project, environment);
    const answered = await flagStore(c.env, project).propagation(environment, figures);
    const log = found(c, answered, "environment", environment);
    return c.json({ last: log.changes[0] ?? null, ...log }, 200);
  },
);
