import { z } from "@hono/zod-openapi";
import {
  type PlanView,
  planAdvanceBody,
  planCommandBody,
  planDefinition,
  planStageBody,
  planView,
  planWrite,
} from "../../../shared/schema/plan.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { rejectionProblem } from "../../http/problem.ts";
import { parseOrReject } from "../../objects/flag-store/decide/parse.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found, written } from "../kernel/execute.ts";
import { adminRoute, body, json, optionalBody, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const ENVIRONMENT = "/projects/{project}/environments/{environment}" as const;
const PLAN = `${ENVIRONMENT}/flags/{flag}/plan` as const;
const tags = ["Release plans"];
const answers = { 200: json(planView, "The plan as it now stands"), 201: json(planView, "Made") };

/** How a flag reaches everybody, stage by stage, and where that stands. */
export const plans = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${ENVIRONMENT}/plans`,
      tags,
      summary: "The release plans of an environment, running or not.",
      description: "With `flag`, that of this flag alone: a list of one, or an empty one.",
      request: { params: params.environment, query: z.object({ flag: key.optional() }) },
      responses: { 200: json(z.object({ plans: z.array(planView) }), "By flag") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const all = await flagStore(c.env, project).listPlans(environment, c.req.valid("query").flag ?? null);
      return c.json({ plans: found(c, all, "environment", environment) }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: PLAN,
      tags,
      summary: "Read a flag's release plan: its stages, where it stands, and everything it waits for.",
      request: { params: params.state },
      responses: { 200: json(planView, "The plan") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      return c.json(found(c, await flagStore(c.env, project).getPlan(environment, flag), "plan", flag), 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "put",
      path: PLAN,
      tags,
      summary: "Make or replace a flag's release plan. Starts nothing.",
      description: "While a plan is under way, stages that lie ahead can be changed; those that were reached cannot.",
      request: { params: params.state, headers: writeHeaders, body: body(planWrite) },
      responses: answers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment, ...sent } = c.req.valid("json");
      for (const field of ANSWERED) delete sent[field];
      const plan = parseOrReject(planDefinition, sent);
      if (!plan.ok) throw rejectionProblem(plan.rejection);
      const command = { type: "putPlan", environment, flag, plan: plan.value } as const;
      const { view, status } = written<PlanView>(c, await execute(c, project, command, { comment }));
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "delete",
      path: PLAN,
      tags,
      summary: "Delete a plan that is not under way. The flag's rules stay as they are.",
      request: { params: params.state, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      await execute(c, project, { type: "deletePlan", environment, flag });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${PLAN}/start`,
      tags,
      summary: "Make the first stage live, or the one that `stage` names, counted from 0.",
      description: "Takes the variant from nobody: a stage with a smaller share than is live now is refused.",
      request: { params: params.state, headers: writeHeaders, body: optionalBody(planStageBody) },
      responses: answers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment, stage } = c.req.valid("json");
      const command = { type: "startPlan", environment, flag, stage } as const;
      const { view } = written<PlanView>(c, await execute(c, project, command, { comment }));
      return c.json(view, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${PLAN}/pause`,
      tags,
      summary: "Keep a plan where it is. What is live stays live, and its guards go on watching.",
      request: { params: params.state, headers: writeHeaders, body: optionalBody(planCommandBody) },
      responses: answers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment } = c.req.valid("json");
      const command = { type: "pausePlan", environment, flag } as const;
      const { view } = written<PlanView>(c, await execute(c, project, command, { comment }));
      return c.json(view, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${PLAN}/resume`,
      tags,
      summary: "Go on: where the plan was paused, or at the stage that `stage` names, counted from 0.",
      description:
        "After a kill, a breached guard or a change by hand the stage must be named. A kill stays in force until it is restored; the stage begins then.",
      request: { params: params.state, headers: writeHeaders, body: optionalBody(planStageBody) },
      responses: answers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment, stage } = c.req.valid("json");
      const command = { type: "resumePlan", environment, flag, stage } as const;
      const { view } = written<PlanView>(c, await execute(c, project, command, { comment }));
      return c.json(view, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${PLAN}/advance`,
      tags,
      summary: "On to the next stage now, whatever the plan waits for; from the last one, to the plan's end.",
      request: { params: params.state, headers: writeHeaders, body: optionalBody(planAdvanceBody) },
      responses: answers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment, from } = c.req.valid("json");
      const command = { type: "advancePlan", environment, flag, from } as const;
      const { view } = written<PlanView>(c, await execute(c, project, command, { comment }));
      return c.json(view, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${PLAN}/rollback`,
      tags,
      summary: "Everybody back to the baseline, at once; also after the plan's end.",
      description: "The flag's own rules, which stand before the plan's, stay as they are.",
      request: { params: params.state, headers: writeHeaders, body: optionalBody(planCommandBody) },
      responses: answers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment } = c.req.valid("json");
      const command = { type: "rollbackPlan", environment, flag } as const;
      const { view } = written<PlanView>(c, await execute(c, project, command, { comment }));
      return c.json(view, 200);
    },
  );

const ANSWERED = ["environment", "flag", "version", "revision", "createdAt", "updatedAt", "run"] as const;
