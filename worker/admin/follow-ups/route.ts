import { z } from "@hono/zod-openapi";
import { type FollowUpView, followUpCreate, followUpPatch, followUpView } from "../../../shared/schema/follow-up.ts";
import { slugName } from "../../../shared/schema/names.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { newId } from "../../crypto/tokens.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found, written } from "../kernel/execute.ts";
import { readAll } from "../kernel/read.ts";
import { adminRoute, body, json, params, whole, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const ENVIRONMENT = "/projects/{project}/environments/{environment}" as const;
const ONE = `${ENVIRONMENT}/follow-ups/{id}` as const;
const tags = ["Resilience"];
const incidentParams = z.object({
  project: slugName,
  environment: slugName,
  revision: whole(z.number().min(1)),
});

/** What is to be done after incidents. */
export const followUps = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${ENVIRONMENT}/follow-ups`,
      tags,
      summary: "What is to be done after incidents, done or not.",
      request: { params: params.environment },
      responses: { 200: json(z.object({ followUps: z.array(followUpView) }), "Those due first come first") },
    }),
    async (c) => {
      const all = await readAll(c, "followUp", c.req.valid("param"));
      return c.json(
        { followUps: all.sort((a, b) => (a.due === b.due ? (a.id < b.id ? -1 : 1) : a.due < b.due ? -1 : 1)) },
        200,
      );
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: `${ENVIRONMENT}/incidents/{revision}/follow-ups`,
      tags,
      summary: "Note what is to be done after an incident, by whom and by when.",
      request: {
        params: incidentParams,
        query: z.object({ flag: key.optional() }),
        headers: writeHeaders,
        body: body(followUpCreate),
      },
      responses: { 201: json(followUpView, "Noted") },
    }),
    async (c) => {
      const { project, environment, revision } = c.req.valid("param");
      const { comment, ...given } = c.req.valid("json");
      const answered = await flagStore(c.env, project).incident(
        environment,
        revision,
        c.req.valid("query").flag ?? null,
      );
      const { flag } = found(c, answered, "incident", String(revision));
      const id = newId("fu");
      const command = { type: "createFollowUp", environment, id, incident: revision, flag, ...given } as const;
      const { view } = written<FollowUpView>(c, await execute(c, project, command, { comment }));
      return c.json(view, 201);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "patch",
      path: ONE,
      tags,
      summary: "Change a follow-up, or mark it as done. What is left out stays.",
      request: { params: params.request, headers: writeHeaders, body: body(followUpPatch) },
      responses: { 200: json(followUpView, "As it now stands") },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      const { comment, ...given } = c.req.valid("json");
      const command = { type: "patchFollowUp", environment, id, ...given } as const;
      const { view } = written<FollowUpView>(c, await execute(c, project, command, { comment }));
      return c.json(view, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: ONE,
      tags,
      summary: "Delete a follow-up.",
      request: { params: params.request, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      await execute(c, project, { type: "deleteFollowUp", environment, id });
      return c.body(null, 204);
    },
  );
