import { createRoute, z } from "@hono/zod-openapi";
import { deleteCookie, setCookie } from "hono/cookie";
import { LIMITS } from "../../shared/limits.ts";
import { problem, role } from "../../shared/schema/admin.ts";
import { SESSION_MAX_MS } from "../durable/directory.ts";
import { directory } from "../durable/stubs.ts";
import { ProblemError, rejectionProblem } from "../http/problem.ts";
import { newSession, randomSecret } from "../http/tokens.ts";
import { sha256 } from "../kv/snapshot-store.ts";
import { checkBody } from "../middleware/admin-body.ts";
import { cookieName, principalOfToken } from "../middleware/principal.ts";
import { adminRoute, body, json } from "./route.ts";
import { router } from "./router.ts";

const signInBody = z
  .strictObject({ token: z.string().max(256).optional(), code: z.string().max(100).optional() })
  .refine(
    (value) => (value.token === undefined) !== (value.code === undefined),
    "send either a token or a sign-in code",
  )
  .meta({ id: "SignIn" });
const whoView = z
  .object({ id: z.string(), name: z.string(), role, project: z.string().optional() })
  .meta({ id: "Who" });

const signIn = createRoute({
  method: "post",
  path: "/session",
  tags: ["Sign-in"],
  summary: "Open a dashboard session with a token or a sign-in code. Sets a cookie.",
  middleware: checkBody(LIMITS.signInBodyBytes),
  request: { body: body(signInBody) },
  responses: {
    200: json(whoView, "Signed in"),
    401: { description: "Refused", content: { "application/problem+json": { schema: problem } } },
  },
});

export const session = router()
  .openapi(signIn, async (c) => {
    const origin = c.req.header("Origin");
    if (origin !== undefined && origin !== new URL(c.req.url).origin) {
      throw new ProblemError(403, "cross-site", "This request came from another site");
    }
    const { token, code } = c.req.valid("json");
    const secret = newSession();
    const proof =
      token === undefined ? { codeHash: sha256(code ?? "") } : { principal: await principalOfToken(c.env, token) };
    const opened = await directory(c.env).signIn(sha256(secret), proof);
    if (!opened.ok) throw rejectionProblem(opened.rejection);
    const secure = c.req.url.startsWith("https:");
    setCookie(c, cookieName(c.req.url), secret, {
      httpOnly: true,
      sameSite: "Strict",
      secure,
      path: "/",
      maxAge: SESSION_MAX_MS / 1_000,
    });
    const { id, name, role: has, project } = opened.value;
    return c.json({ id, name, role: has, ...(project ? { project } : {}) }, 200);
  })
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/session",
      tags: ["Sign-in"],
      summary: "Who is signed in.",
      responses: { 200: json(whoView, "The person or program behind the request") },
    }),
    (c) => {
      const { id, name, role: has, project } = c.get("principal");
      return c.json({ id, name, role: has, ...(project ? { project } : {}) }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "delete",
      path: "/session",
      tags: ["Sign-in"],
      summary: "Sign out, here or everywhere.",
      request: { query: z.object({ everywhere: z.enum(["true", "false"]).default("false") }) },
      responses: { 204: { description: "Signed out" } },
    }),
    async (c) => {
      const hash = c.get("sessionHash");
      if (c.req.valid("query").everywhere === "true") await directory(c.env).signOutEverywhere(c.get("principal").id);
      else if (hash) await directory(c.env).signOut(hash);
      deleteCookie(c, cookieName(c.req.url), { path: "/", secure: c.req.url.startsWith("https:") });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "post",
      path: "/session/links",
      tags: ["Sign-in"],
      summary: "Make a one-time sign-in code that opens a session as yourself.",
      responses: { 201: json(z.object({ code: z.string() }), "Valid once, for an hour") },
    }),
    async (c) => {
      const code = randomSecret();
      await directory(c.env).createSignInCode(sha256(code), c.get("principal"));
      return c.json({ code }, 201, { "Cache-Control": "no-store" });
    },
  );
