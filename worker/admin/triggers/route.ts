import { z } from "@hono/zod-openapi";
import { triggerBody, triggerCreated, triggerView } from "../../../shared/schema/trigger.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { newId, newTriggerToken } from "../../crypto/tokens.ts";
import { basePath } from "../../http/base-path.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found } from "../kernel/execute.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";
import { shownOnce } from "../keys/route.ts";

const TRIGGERS = "/projects/{project}/environments/{environment}/flags/{flag}/triggers" as const;
const triggerParams = params.state.extend({ id: z.string().max(100) });

/** Secret URLs with which monitoring kills a flag. Calls themselves come in at `trigger-calls.ts`. */
export const triggers = router()
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: TRIGGERS,
      tags: ["Triggers"],
      summary: "Make a trigger: a secret URL that kills this flag when monitoring calls it. Shown once.",
      request: { params: params.state, headers: writeHeaders, body: body(triggerBody) },
      responses: { 201: json(triggerCreated, "The URL; only a hash of its secret is kept") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { name, variant, comment } = c.req.valid("json");
      const id = newId("trg");
      const token = newTriggerToken(project, environment, id, c.env);
      const stored = { id, name, hash: sha256(token), hint: token.slice(-4) };
      const named = variant === undefined ? {} : { variant };
      const command = { type: "createTrigger", environment, flag, ...stored, ...named } as const;
      const reply = await execute(c, project, command, { comment });
      // A replay is another request's trigger, unless the reply to this very one was lost on the way.
      const kept = reply.replayed ? await flagStore(c.env, project).listTriggers(environment, flag) : null;
      if (kept && !kept.some((one) => one.id === id)) throw shownOnce;
      const url = `${new URL(c.req.url).origin}${basePath(c.env)}/v1/triggers/${token}`;
      return c.json({ id, url, token }, 201, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: TRIGGERS,
      tags: ["Triggers"],
      summary: "A flag's triggers, without the secrets, and what their latest calls did.",
      request: { params: params.state },
      responses: { 200: json(z.object({ triggers: z.array(triggerView) }), "In the order of their ids") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const store = flagStore(c.env, project);
      found(c, await store.getFlag(flag), "flag", flag);
      c.header("ETag", undefined);
      const all = await store.listTriggers(environment, flag);
      return c.json({ triggers: found(c, all, "environment", environment) }, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "delete",
      path: `${TRIGGERS}/{id}`,
      tags: ["Triggers"],
      summary: "Take a trigger back: its URL is refused from then on, and its log is gone.",
      request: { params: triggerParams, headers: writeHeaders },
      responses: { 204: { description: "Gone" } },
    }),
    async (c) => {
      const { project, environment, flag, id } = c.req.valid("param");
      await execute(c, project, { type: "deleteTrigger", environment, flag, id });
      return c.body(null, 204);
    },
  );
