import { budgetBody, budgetView } from "../../../shared/schema/quota.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found } from "../kernel/execute.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const BUDGET = "/projects/{project}/budget" as const;

/** What a month's evaluations may come to. */
export const budget = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: BUDGET,
      tags: ["Quotas"],
      summary: "This month's evaluations, and the budget for them, if there is one.",
      request: { params: params.project },
      responses: { 200: json(budgetView, "A minute or two behind") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      return c.json(found(c, await flagStore(c.env, project).budget(), "project", project), 200);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "put",
      path: BUDGET,
      tags: ["Quotas"],
      summary: "Set a budget. It warns, once a month, and refuses nothing.",
      request: { params: params.project, headers: writeHeaders, body: body(budgetBody) },
      responses: { 204: { description: "In force" } },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { comment, ...limits } = c.req.valid("json");
      await execute(c, project, { type: "putBudget", ...limits }, { comment });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "delete",
      path: BUDGET,
      tags: ["Quotas"],
      summary: "Have no budget.",
      request: { params: params.project, headers: writeHeaders },
      responses: { 204: { description: "None" } },
    }),
    async (c) => {
      await execute(c, c.req.valid("param").project, { type: "deleteBudget" });
      return c.body(null, 204);
    },
  );
