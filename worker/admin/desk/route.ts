import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { deskAnswerWrite, deskRequest, deskView } from "../../../shared/schema/desk.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { testActionWrite } from "../../../shared/schema/test-admin.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { StreamSlots } from "../../evaluation/edge/stream-slots.ts";
import { ProblemError, rejectionProblem } from "../../http/problem.ts";
import type { Operator } from "../../objects/desk/methods.ts";
import { desk as deskOf, flagStore } from "../../objects/stubs.ts";
import type { Result } from "../../result.ts";
import { found } from "../kernel/execute.ts";
import { type AdminEnv, requireStill } from "../kernel/principal.ts";
import { adminRoute, body, json, params, seconds, whole } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const DESK = "/projects/{project}/environments/{environment}/desk" as const;
const REQUEST = `${DESK}/requests/{id}` as const;
const liveQuery = z.object({
  flag: key.optional(),
  after: whole(z.number().min(0)).optional().meta({ description: "Wait for news beyond this `sequence`" }),
  wait: seconds(z.number().min(0).max(25)).default(20).meta({ description: "At most so long (s)" }),
});
/** Long polls that one isolate lets wait at a time. */
const WATCHING_PER_ISOLATE = 300;
const watching = new StreamSlots(Date.now);
const answered = { 200: json(deskRequest, "As it stands now") };

/** The answer desk of Wizards of Oz. */
export const desk = router()
  .openapi(
    adminRoute("marketer", {
      method: "get",
      path: DESK,
      tags: ["Desk"],
      summary: "Requests that wait for a person, what was finished in the last hour, and figures.",
      description: "With `after` it is a long poll: it answers as soon as something changes.",
      request: { params: params.environment, query: liveQuery },
      responses: { 200: json(deskView, "The desk") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const { flag, after, wait } = c.req.valid("query");
      found(c, await flagStore(c.env, project).listTests(environment), "environment", environment);
      const ms = after === undefined ? 0 : wait * 1_000;
      const operator = operatorOf(c);
      const { id } = c.get("principal");
      const slot = watching.take(
        { project, key: environment, network: id, subject: operator.id },
        WATCHING_PER_ISOLATE,
      );
      if (!slot)
        throw new ProblemError(
          503,
          "busy",
          "Too many watch desks here",
          { detail: "Close other windows of this desk, or ask again in a moment." },
          { "Retry-After": "2" },
        );
      try {
        const view = await deskOf(c.env, project, environment).live(operator, after ?? -1, ms, flag);
        // Who was signed out while this waited learns nothing of what came meanwhile.
        if (ms > 0) await requireStill(c);
        return c.json(view, 200);
      } finally {
        slot.release();
      }
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${REQUEST}/claim`,
      tags: ["Desk"],
      summary:
        "Take a request: nobody else can answer it meanwhile. Left alone for five minutes it waits for anybody again.",
      request: { params: params.request, body: body(testActionWrite) },
      responses: answered,
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      return c.json(accepted(await deskOf(c.env, project, environment).claim(id, operatorOf(c))), 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${REQUEST}/release`,
      tags: ["Desk"],
      summary: "Hand a request back, for another to take.",
      request: { params: params.request, body: body(testActionWrite) },
      responses: answered,
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      return c.json(accepted(await deskOf(c.env, project, environment).release(id, operatorOf(c))), 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${REQUEST}/answer`,
      tags: ["Desk"],
      summary: "Answer a request that you have taken. The product receives it at once.",
      request: { params: params.request, body: body(deskAnswerWrite) },
      responses: answered,
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      const { answer } = c.req.valid("json");
      return c.json(accepted(await deskOf(c.env, project, environment).answer(id, operatorOf(c), answer)), 200);
    },
  );

/** Two people may use one token, and each browser has a session of its own: so a session answers, not a token. */
function operatorOf(c: Context<AdminEnv>): Operator {
  const { id, name } = c.get("principal");
  const session = c.get("sessionHash");
  return { id: session ? `${id}/${sha256(session).slice(0, 16)}` : id, name };
}

function accepted<T>(result: Result<T>): T {
  if (!result.ok) throw rejectionProblem(result.rejection);
  return result.value;
}
