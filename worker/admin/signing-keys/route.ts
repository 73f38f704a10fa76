import { z } from "@hono/zod-openapi";
import {
  SIGNED_CONTEXT_ATTRIBUTE as attribute,
  signingKeyBody,
  signingKeyCreated,
  signingKeyView,
} from "../../../shared/schema/signed-context.ts";
import { newId } from "../../crypto/tokens.ts";
import { audienceOf } from "../../evaluation/signed-context.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found } from "../kernel/execute.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";
import { shownOnce } from "../keys/route.ts";

const SIGNING_KEYS = "/projects/{project}/environments/{environment}/signing-keys" as const;
const tags = ["Signed contexts"];

/** Keys that customers' servers sign evaluation contexts with. */
export const signingKeys = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: SIGNING_KEYS,
      tags,
      summary: "List an environment's signing keys, without the secrets.",
      request: { params: params.environment },
      responses: { 200: json(z.object({ signingKeys: z.array(signingKeyView) }), "Keys whose signatures count") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const all = await flagStore(c.env, project).listSigningKeys(environment);
      return c.json({ signingKeys: found(c, all, "environment", environment) }, 200);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "post",
      path: SIGNING_KEYS,
      tags,
      summary: "Make a key that your server signs evaluation contexts with. Its secret is shown once.",
      description:
        "Who holds the secret can be any user of this environment: keep it on servers. To rotate, make a new key, let your servers sign with it, and revoke the old one when contexts signed by it have expired. Both count in between.",
      request: { params: params.environment, headers: writeHeaders, body: body(signingKeyBody) },
      responses: { 201: json(signingKeyCreated, "The key; its secret is not kept") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const { name, comment } = c.req.valid("json");
      const id = newId("sig");
      const reply = await execute(c, project, { type: "createSigningKey", environment, id, name }, { comment });
      const secret = await flagStore(c.env, project).signingSecret(environment, id);
      // Repeated with one Idempotency-Key, only the first request's key is stored.
      if (secret === null && reply.replayed) throw shownOnce;
      const { secret: shown } = found(c, secret, "environment", environment);
      const created = { id, secret: shown, audience: audienceOf({ project, environment }), attribute } as const;
      return c.json(created, 201, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "delete",
      path: `${SIGNING_KEYS}/{id}`,
      tags,
      summary: "Revoke a signing key; edges refuse what it signed within seconds.",
      request: { params: params.keyId, headers: writeHeaders },
      responses: { 204: { description: "Revoked" } },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      await execute(c, project, { type: "revokeSigningKey", environment, id });
      return c.body(null, 204);
    },
  );
