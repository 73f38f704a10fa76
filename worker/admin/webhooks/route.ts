import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { LIMITS } from "../../../shared/limits.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import {
  delivery,
  deliveryStatus,
  type WebhookMessage,
  webhookBody,
  webhookCreated,
  webhookPatch,
  webhookView,
} from "../../../shared/schema/webhook.ts";
import { newId, randomSecret } from "../../crypto/tokens.ts";
import { ProblemError } from "../../http/problem.ts";
import { targetProblem } from "../../http/public-url.ts";
import { courier, flagStore } from "../../objects/stubs.ts";
import { execute, found, written } from "../kernel/execute.ts";
import type { AdminEnv } from "../kernel/principal.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";
import { shownOnce } from "../keys/route.ts";

const WEBHOOKS = "/projects/{project}/webhooks" as const;
const ONE = `${WEBHOOKS}/{id}` as const;
const deliveryQuery = z.object({ status: deliveryStatus.optional() });
const tested = z.object({ delivered: z.boolean(), result: z.string() }).meta({ id: "WebhookTest" });
const newSalt = () => randomSecret().slice(0, 32);

/** Where events go, by the Standard Webhooks specification or as Slack's texts. */
export const webhooks = router()
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: WEBHOOKS,
      tags: ["Webhooks"],
      summary: "Make a webhook. Its signing secret is shown once.",
      request: { params: params.project, headers: writeHeaders, body: body(webhookBody) },
      responses: { 201: json(webhookCreated, "Events are sent from now on") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { comment, ...settings } = c.req.valid("json");
      const id = newId("wh");
      const salt = newSalt();
      const dashboard = new URL(c.req.url).origin;
      const command = {
        type: "createWebhook",
        id,
        ...settings,
        host: hostOf(c, settings.url),
        salt,
        dashboard,
      } as const;
      const reply = await execute(c, project, command, { comment });
      const store = flagStore(c.env, project);
      // A replay is another request's webhook, unless the reply to this very one was lost on the way.
      const kept = reply.replayed ? await store.listWebhooks() : null;
      if (kept && !kept.some((one) => one.id === id)) throw shownOnce;
      return c.json({ id, secret: (await store.webhookSecret(salt)) ?? "" }, 201, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: WEBHOOKS,
      tags: ["Webhooks"],
      summary: "List webhooks, and how their deliveries fare. URLs are not shown: many are secrets.",
      request: { params: params.project },
      responses: { 200: json(z.object({ webhooks: z.array(webhookView) }), "In the order of their ids") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const all = found(c, await flagStore(c.env, project).listWebhooks(), "project", project);
      return c.json({ webhooks: all }, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "patch",
      path: ONE,
      tags: ["Webhooks"],
      summary: "Change a webhook: what is left out stays. Pause and resume it here.",
      request: { params: params.projectId, headers: writeHeaders, body: body(webhookPatch) },
      responses: { 200: json(webhookView, "As it now stands; counts are in the list") },
    }),
    async (c) => {
      const { project, id } = c.req.valid("param");
      const { comment, ...settings } = c.req.valid("json");
      const host = settings.url === undefined ? {} : { host: hostOf(c, settings.url) };
      const command = { type: "patchWebhook", id, ...settings, ...host } as const;
      const { view } = written<z.infer<typeof webhookView>>(c, await execute(c, project, command, { comment }));
      return c.json(view, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: ONE,
      tags: ["Webhooks"],
      summary: "Take a webhook back, with everything that is on its way to it.",
      request: { params: params.projectId, headers: writeHeaders },
      responses: { 204: { description: "Gone" } },
    }),
    async (c) => {
      const { project, id } = c.req.valid("param");
      await execute(c, project, { type: "deleteWebhook", id });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: `${ONE}/rotate`,
      tags: ["Webhooks"],
      summary: "Give a webhook another signing secret. The old one goes on signing beside it for a day.",
      request: { params: params.projectId, headers: writeHeaders },
      responses: { 201: json(webhookCreated, "The new secret, shown once") },
    }),
    async (c) => {
      const { project, id } = c.req.valid("param");
      const salt = newSalt();
      const reply = await execute(c, project, { type: "rotateWebhook", id, salt });
      if (reply.replayed) throw shownOnce;
      const secret = (await flagStore(c.env, project).webhookSecret(salt)) ?? "";
      return c.json({ id, secret }, 201, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: `${ONE}/test`,
      tags: ["Webhooks"],
      summary: "Send a test message now, and say what came of it.",
      request: { params: params.projectId },
      responses: { 200: json(tested, "What the receiver answered") },
    }),
    async (c) => {
      const { project, id } = c.req.valid("param");
      await known(c, project, id);
      const { type, id: actorId, name } = c.get("principal");
      const message: WebhookMessage = {
        type: "webhook.test",
        timestamp: new Date().toISOString(),
        data: {
          project,
          revision: 0,
          subjects: [],
          more: 0,
          actor: { type, id: actorId, name },
          action: "test",
          comment: "",
        },
      };
      const result = await courier(c.env, project).test(id, message);
      return c.json(
        result ?? { delivered: false, result: "the webhook is paused, or its receiver answered 410 Gone" },
        200,
      );
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${ONE}/deliveries`,
      tags: ["Webhooks"],
      summary: "A webhook's latest deliveries: received, on their way, and given up (the dead letters).",
      request: { params: params.projectId, query: deliveryQuery },
      responses: { 200: json(z.object({ deliveries: z.array(delivery) }), "Newest first") },
    }),
    async (c) => {
      const { project, id } = c.req.valid("param");
      await known(c, project, id);
      const status = c.req.valid("query").status ?? null;
      return c.json({ deliveries: await courier(c.env, project).deliveries(id, status, LIMITS.deliveriesShown) }, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: `${ONE}/redeliver`,
      tags: ["Webhooks"],
      summary: "Send again: one delivery, or all that were given up.",
      request: {
        params: params.projectId,
        body: body(z.strictObject({ delivery: z.int().optional() }).meta({ id: "Redeliver" })),
      },
      responses: { 200: json(z.object({ sent: z.int() }), "How many are on their way again") },
    }),
    async (c) => {
      const { project, id } = c.req.valid("param");
      await known(c, project, id);
      return c.json({ sent: await courier(c.env, project).again(id, c.req.valid("json").delivery ?? null) }, 200);
    },
  );

async function known(c: Context<AdminEnv>, project: Slug, id: string): Promise<void> {
  const all = found(c, await flagStore(c.env, project).listWebhooks(), "project", project);
  found(c, all.find((one) => one.id === id) ?? null, "webhook", id);
  c.header("ETag", undefined);
}

/** The URL's host, when something may be sent there at all. */
function hostOf(c: Context<AdminEnv>, url: string): string {
  const message = targetProblem(url, c.env.WEBHOOK_LOCAL_TARGETS === "allow");
  if (message)
    throw new ProblemError(422, "invalid", "Some fields are not valid", { errors: [{ field: "url", message }] });
  return new URL(url).host;
}
