import { z } from "@hono/zod-openapi";
import { type FreezeView, freeze, freezeView, freezeWrite } from "../../../shared/schema/freeze.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { execute, written } from "../kernel/execute.ts";
import { readAll } from "../kernel/read.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const FREEZES = "/projects/{project}/environments/{environment}/freezes" as const;
const tags = ["Release plans"];
const freezeParams = params.environment.extend({ freeze: key });

/** Times in which no plan of an environment goes on by itself. */
export const freezes = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: FREEZES,
      tags,
      summary: "Times in which no plan of an environment goes on by itself.",
      request: { params: params.environment },
      responses: { 200: json(z.object({ freezes: z.array(freezeView) }), "In key order") },
    }),
    async (c) => {
      return c.json({ freezes: await readAll(c, "freeze", c.req.valid("param")) }, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "put",
      path: `${FREEZES}/{freeze}`,
      tags,
      summary: "Make or replace a freeze window. Kills, guards and people stay as free as ever.",
      request: { params: freezeParams, headers: writeHeaders, body: body(freezeWrite) },
      responses: { 200: json(freezeView, "Changed"), 201: json(freezeView, "Made") },
    }),
    async (c) => {
      const { project, environment, freeze: id } = c.req.valid("param");
      const { comment, ...sent } = c.req.valid("json");
      const command = { type: "putFreeze", environment, freeze: id, definition: freeze.parse(sent) } as const;
      const { view, status } = written<FreezeView>(c, await execute(c, project, command, { comment }));
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: `${FREEZES}/{freeze}`,
      tags,
      summary: "Delete a freeze window.",
      request: { params: freezeParams, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, environment, freeze: id } = c.req.valid("param");
      await execute(c, project, { type: "deleteFreeze", environment, freeze: id });
      return c.body(null, 204);
    },
  );
