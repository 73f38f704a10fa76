import { z } from "@hono/zod-openapi";
import { planTemplate, planTemplateView, planTemplateWrite } from "../../../shared/schema/plan.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { rejectionProblem } from "../../http/problem.ts";
import { parseOrReject } from "../../objects/flag-store/decide/parse.ts";
import { execute, written } from "../kernel/execute.ts";
import { readAll } from "../kernel/read.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

type TemplateView = z.infer<typeof planTemplateView>;

const TEMPLATES = "/projects/{project}/plan-templates" as const;
const tags = ["Release plans"];
const templateParams = params.project.extend({ template: key });

/** Templates that plans of a project begin with. */
export const planTemplates = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: TEMPLATES,
      tags,
      summary: "A project's own templates for release plans.",
      request: { params: params.project },
      responses: { 200: json(z.object({ templates: z.array(planTemplateView) }), "In key order") },
    }),
    async (c) => {
      return c.json({ templates: (await readAll(c, "planTemplate", c.req.valid("param"))) as TemplateView[] }, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "put",
      path: `${TEMPLATES}/{template}`,
      tags,
      summary: "Make or replace a template. Plans made from it before stay as they are.",
      request: { params: templateParams, headers: writeHeaders, body: body(planTemplateWrite) },
      responses: { 200: json(planTemplateView, "Changed"), 201: json(planTemplateView, "Made") },
    }),
    async (c) => {
      const { project, template } = c.req.valid("param");
      const { comment, ...sent } = c.req.valid("json");
      for (const field of ANSWERED) delete sent[field];
      const definition = parseOrReject(planTemplate, sent);
      if (!definition.ok) throw rejectionProblem(definition.rejection);
      const command = { type: "putPlanTemplate", template, definition: definition.value } as const;
      const { view, status } = written<TemplateView>(c, await execute(c, project, command, { comment }));
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: `${TEMPLATES}/{template}`,
      tags,
      summary: "Delete a template.",
      request: { params: templateParams, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, template } = c.req.valid("param");
      await execute(c, project, { type: "deletePlanTemplate", template });
      return c.body(null, 204);
    },
  );

const ANSWERED = ["key", "version", "revision", "createdAt", "updatedAt"] as const;
