import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { authorityOf } from "../../../shared/role-in.ts";
import {
  keyBody,
  keyCreated,
  keyView,
  type Role,
  tokenBody,
  tokenCreated,
  tokenRoleBody,
  tokenView,
} from "../../../shared/schema/admin.ts";
import { expiryBody, rotateBody, tokenExpiryBody, tokenRotateBody } from "../../../shared/schema/lifetime.ts";
import { storedSlug } from "../../../shared/schema/names.ts";
import { keyLimitBody, usualBurst } from "../../../shared/schema/quota.ts";
import { keySigning, keySigningBody } from "../../../shared/schema/signed-context.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { newApiToken, newEnvironmentKey, newId } from "../../crypto/tokens.ts";
import { ProblemError, rejectionProblem } from "../../http/problem.ts";
import { parseOrReject } from "../../objects/flag-store/decide/parse.ts";
import { directory, flagStore } from "../../objects/stubs.ts";
import { execute, found } from "../kernel/execute.ts";
import { failures } from "../kernel/failed-sign-ins.ts";
import { type AdminEnv, actorOf } from "../kernel/principal.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const KEYS = "/projects/{project}/environments/{environment}/keys" as const;
const tokenId = z.object({ id: z.string().max(100) });
/** For a repeated request whose secret has been shown. */
export const shownOnce = new ProblemError(409, "shown-once", "This request was carried out already", {
  detail: "The secret was shown then and is not kept. Revoke it and make another if it was lost.",
});

/** A role in an environment that is not there would take nothing from the others: a misspelt one must not pass. */
async function refuseUnknown(
  c: Context<AdminEnv>,
  project: string | undefined,
  roles: Record<string, Role> | undefined,
): Promise<void> {
  if (project === undefined || roles === undefined) return;
  const known = await flagStore(c.env, storedSlug(project)).listEnvironments();
  const there = new Set(known?.map(({ key }) => key));
  const unknown = known === null ? [] : Object.keys(roles).filter((one) => !there.has(one));
  if (unknown.length === 0) return;
  const message = `there is no such environment in ${project}; it has ${[...there].join(", ")}`;
  throw rejectionProblem({
    code: "invalid",
    issues: unknown.map((one) => ({ field: `environments.${one}`, message })),
  });
}

/** Environment keys (for apps) and API tokens (for people and programs that administer). */
export const keys = router()
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: KEYS,
      tags: ["Keys"],
      summary: "Make an environment key. It is shown once.",
      description:
        "Marketers make client keys, which are public anyway; a server key takes the role engineer. With `rules` a server key also reads the rules themselves, for providers that evaluate in the process.",
      request: { params: params.environment, headers: writeHeaders, body: body(keyBody) },
      responses: { 201: json(keyCreated, "The key; only its hash is kept") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const { kind, name, origins, expiresAt, rules, comment } = c.req.valid("json");
      const key = newEnvironmentKey(kind, project, environment, c.env);
      // Repeated with one Idempotency-Key, only the first request's key is stored.
      const id = newId("key");
      const lifetime = expiresAt === undefined ? {} : { expiresAt };
      const stored = {
        ...{ id, kind, name, hash: sha256(key), hint: key.slice(-4), origins: origins ?? [], ...lifetime },
        ...(rules ? { rules } : {}),
      };
      const reply = await execute(c, project, { type: "createKey", environment, ...stored }, { comment });
      // A replay is another request's key, unless the reply to this very one was lost on the way.
      const kept = reply.replayed ? await flagStore(c.env, project).listKeys(environment) : null;
      if (kept && !kept.some((one) => one.id === id)) throw shownOnce;
      return c.json({ id, key }, 201, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: KEYS,
      tags: ["Keys"],
      summary: "List an environment's keys, without the secrets.",
      request: { params: params.environment },
      responses: { 200: json(z.object({ keys: z.array(keyView) }), "Keys in force") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const all = found(c, await flagStore(c.env, project).listKeys(environment), "environment", environment);
      return c.json({ keys: all }, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: `${KEYS}/{id}`,
      tags: ["Keys"],
      summary: "Revoke a key; edges refuse it within seconds.",
      request: { params: params.keyId, headers: writeHeaders },
      responses: { 204: { description: "Revoked" } },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      await execute(c, project, { type: "revokeKey", environment, id });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "put",
      path: `${KEYS}/{id}/limit`,
      tags: ["Quotas"],
      summary: "Limit how often a key may ask. Beyond it: 429 with Retry-After.",
      description:
        "The limit covers everything that the key opens: evaluation, streams, events (a batch counts once), doors, questions and pages. It is counted in the memory of each isolate, so a key that is busy in several data centres gets its rate in each of them: a guard against runaway clients, not a bill.",
      request: { params: params.keyId, headers: writeHeaders, body: body(keyLimitBody) },
      responses: { 204: { description: "In force within seconds" } },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      const { perSecond, burst = usualBurst(perSecond), comment } = c.req.valid("json");
      await execute(c, project, { type: "limitKey", environment, id, limit: { perSecond, burst } }, { comment });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "delete",
      path: `${KEYS}/{id}/limit`,
      tags: ["Quotas"],
      summary: "Let a key ask as often as it likes.",
      request: { params: params.keyId, headers: writeHeaders },
      responses: { 204: { description: "No limit" } },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      await execute(c, project, { type: "limitKey", environment, id, limit: null });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "put",
      path: `${KEYS}/{id}/signing`,
      tags: ["Signed contexts"],
      summary: "Say what a client key takes only when your server has signed it.",
      description:
        "`context`: the whole context; whatever is unsigned is ignored, and a request without a signature is refused. `attributes`: unsigned values of these attributes are ignored, all others are taken as before.",
      request: { params: params.keyId, headers: writeHeaders, body: body(keySigningBody) },
      responses: { 204: { description: "In force within seconds" } },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      const { comment, ...sent } = c.req.valid("json");
      const signing = parseOrReject(keySigning, sent);
      if (!signing.ok) throw rejectionProblem(signing.rejection);
      await execute(c, project, { type: "setKeySigning", environment, id, signing: signing.value }, { comment });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "delete",
      path: `${KEYS}/{id}/signing`,
      tags: ["Signed contexts"],
      summary: "Let a client key take unsigned contexts.",
      request: { params: params.keyId, headers: writeHeaders },
      responses: { 204: { description: "Nothing has to be signed" } },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      await execute(c, project, { type: "setKeySigning", environment, id, signing: null });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "post",
      path: "/tokens",
      tags: ["Tokens"],
      summary: "Make an API token. It is shown once.",
      request: { body: body(tokenBody) },
      responses: { 201: json(tokenCreated, "The token; only its hash is kept") },
    }),
    async (c) => {
      const token = newApiToken();
      const id = newId("tok");
      const { expiresAt, name, project, role, environments } = c.req.valid("json");
      await refuseUnknown(c, project, environments);
      const lifetime = expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) };
      const asked = { id, hash: sha256(token), name, project, ...authorityOf(role, environments), ...lifetime };
      const by = actorOf(c);
      const made = await directory(c.env).createToken(asked, by.name, by);
      if (!made.ok) throw rejectionProblem(made.rejection);
      failures.remember(sha256(token), true);
      return c.json({ id, token }, 201, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "get",
      path: "/tokens",
      tags: ["Tokens"],
      summary: "List API tokens, without the secrets.",
      responses: { 200: json(z.object({ tokens: z.array(tokenView) }), "Tokens in force") },
    }),
    async (c) => c.json({ tokens: await directory(c.env).listTokens() }, 200),
  )
  .openapi(
    adminRoute("admin", {
      method: "delete",
      path: "/tokens/{id}",
      tags: ["Tokens"],
      summary: "Revoke a token, and end the sessions and sign-in links that were made from it.",
      request: { params: tokenId },
      responses: { 204: { description: "Revoked" } },
    }),
    async (c) => {
      const revoked = await directory(c.env).revokeToken(c.req.valid("param").id, actorOf(c));
      if (!revoked.ok) throw rejectionProblem(revoked.rejection);
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "put",
      path: `${KEYS}/{id}/expiry`,
      tags: ["Keys"],
      summary: "Say when a key ends by itself, or that it does not.",
      description: "Edges refuse it from that instant on. Webhooks hear of it 7 days and 1 day before.",
      request: { params: params.keyId, headers: writeHeaders, body: body(expiryBody) },
      responses: { 204: { description: "Set" } },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      const { expiresAt, comment } = c.req.valid("json");
      await execute(c, project, { type: "setKeyExpiry", environment, id, expiresAt }, { comment });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: `${KEYS}/{id}/rotate`,
      tags: ["Keys"],
      summary: "Make a key in another's place. The other one ends after a grace period. It is shown once.",
      description: "The new key has an id of its own, and the name, kind, origins and limit of the other one.",
      request: { params: params.keyId, headers: writeHeaders, body: body(rotateBody) },
      responses: { 201: json(keyCreated, "The new key; only its hash is kept") },
    }),
    async (c) => {
      const { project, environment, id } = c.req.valid("param");
      const { graceSeconds, expiresAt, comment } = c.req.valid("json");
      const store = flagStore(c.env, project);
      const known = found(c, await store.listKeys(environment), "environment", environment);
      const { kind } = found(c, known.find((one) => one.id === id) ?? null, "key", id);
      const key = newEnvironmentKey(kind, project, environment, c.env);
      const next = { id: newId("key"), hash: sha256(key), hint: key.slice(-4) };
      const lifetime = expiresAt === undefined ? {} : { expiresAt };
      const command = { type: "rotateKey", environment, id, graceSeconds, next, ...lifetime } as const;
      const reply = await execute(c, project, command, { comment });
      // As of a key that is made: a replay belongs to another request, unless this one's reply was lost.
      const kept = reply.replayed ? await store.listKeys(environment) : null;
      if (kept && !kept.some((one) => one.id === next.id)) throw shownOnce;
      return c.json({ id: next.id, key }, 201, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "put",
      path: "/tokens/{id}/expiry",
      tags: ["Tokens"],
      summary: "Say when a token ends by itself, or that it does not.",
      description: "Sessions and sign-in links that were made from it end with it.",
      request: { params: tokenId, body: body(tokenExpiryBody) },
      responses: { 200: json(tokenView, "As it stands now") },
    }),
    async (c) => {
      const { expiresAt } = c.req.valid("json");
      const at = expiresAt === null ? null : Date.parse(expiresAt);
      const set = await directory(c.env).setTokenExpiry(c.req.valid("param").id, at, actorOf(c));
      if (!set.ok) throw rejectionProblem(set.rejection);
      return c.json(set.value, 200);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "put",
      path: "/tokens/{id}/role",
      tags: ["Tokens"],
      summary: "Give a token another role, in the project or in single environments.",
      description: "Sessions and sign-in links that were made from it have it at once.",
      request: { params: tokenId, body: body(tokenRoleBody) },
      responses: { 200: json(tokenView, "As it stands now") },
    }),
    async (c) => {
      const { id } = c.req.valid("param");
      const { role, environments } = c.req.valid("json");
      const known = found(c, (await directory(c.env).listTokens()).find((one) => one.id === id) ?? null, "token", id);
      await refuseUnknown(c, known.project, environments);
      const set = await directory(c.env).setTokenRole(id, authorityOf(role, environments), actorOf(c));
      if (!set.ok) throw rejectionProblem(set.rejection);
      return c.json(set.value, 200);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "post",
      path: "/tokens/{id}/rotate",
      tags: ["Tokens"],
      summary: "Make a token in another's place. The other one ends after a grace period. It is shown once.",
      description: "The new token has an id of its own, and the name, roles and project of the other one.",
      request: { params: tokenId, body: body(tokenRotateBody) },
      responses: { 201: json(tokenCreated, "The new token; only its hash is kept") },
    }),
    async (c) => {
      const { graceSeconds, expiresAt } = c.req.valid("json");
      const token = newApiToken();
      const id = newId("tok");
      const at = expiresAt ? Date.parse(expiresAt) : expiresAt;
      const lifetime = at === undefined ? {} : { expiresAt: at as number | null };
      const next = { id, hash: sha256(token), graceSeconds, ...lifetime };
      const rotated = await directory(c.env).rotateToken(c.req.valid("param").id, next, actorOf(c));
      if (!rotated.ok) throw rejectionProblem(rotated.rejection);
      failures.remember(sha256(token), true);
      return c.json({ id, token }, 201, { "Cache-Control": "no-store" });
    },
  );
