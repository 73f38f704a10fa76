import { createRoute, z } from "@hono/zod-openapi";
import { deleteCookie, setCookie } from "hono/cookie";
import { LIMITS } from "../../../shared/limits.ts";
import { projectRole } from "../../../shared/role-in.ts";
import { environmentRoles, problem, role } from "../../../shared/schema/admin.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { newSession, randomSecret } from "../../crypto/tokens.ts";
import type { Env } from "../../env.ts";
import { ProblemError, rejectionProblem } from "../../http/problem.ts";
import type { Principal } from "../../objects/directory/directory-records.ts";
import type { DirectoryMethods } from "../../objects/directory/methods.ts";
import { directory } from "../../objects/stubs.ts";
import { isFree } from "../../plan.ts";
import { checkBody } from "../kernel/admin-body.ts";
import { adminFingerprint, weakSecrets } from "../kernel/admin-token.ts";
import { type Attempt, attemptOf, failures, lookUp } from "../kernel/failed-sign-ins.ts";
import { administers, callerOfToken, cookieName, rememberedSession } from "../kernel/principal.ts";
import { adminRoute, body, json } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const signInBody = z
  .strictObject({ token: z.string().max(256).optional(), code: z.string().max(100).optional() })
  .refine(
    (value) => (value.token === undefined) !== (value.code === undefined),
    "send either a token or a sign-in code",
  )
  .meta({ id: "SignIn" });
const whoView = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    project: z.string().optional(),
    environments: environmentRoles.optional().meta({ description: "Other roles, in single environments" }),
    plan: z
      .literal("free")
      .optional()
      .meta({ description: "Set up for Workers Free: `GET /installation` says what is off" }),
    weakSecrets: z
      .array(z.object({ name: z.string(), reason: z.string() }))
      .optional()
      .meta({ description: "For administrators: secrets of this installation that could be guessed" }),
  })
  .meta({ id: "Who" });

const refused = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problem } },
});
const signIn = createRoute({
  method: "post",
  path: "/session",
  tags: ["Sign-in"],
  summary: "Open a dashboard session with a token or a sign-in code. Sets a cookie.",
  middleware: checkBody(LIMITS.signInBodyBytes),
  request: { body: body(signInBody) },
  responses: {
    200: json(whoView, "Signed in"),
    401: refused("Refused"),
    429: refused("Too many failures from this network; `Retry-After` says how many seconds to wait"),
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
    const hash = sha256(secret);
    const attempt = attemptOf(c);
    const admin = adminFingerprint(c.env);
    const opened =
      token === undefined
        ? await byCode(attempt, hash, sha256(code ?? ""), admin)
        : await directory(c.env).signIn(hash, await callerOfToken(attempt, token), admin);
    if (!opened.ok) throw rejectionProblem(opened.rejection);
    failures.remember(rememberedSession(hash, admin), true);
    const secure = c.req.url.startsWith("https:");
    setCookie(c, cookieName(c.req.url), secret, {
      httpOnly: true,
      sameSite: "Strict",
      secure,
      path: "/",
      maxAge: Math.max(1, Math.floor((opened.value.endsAt - Date.now()) / 1_000)),
    });
    return c.json({ ...whoOf(opened.value), ...planIn(c.env) }, 200);
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
      const principal = c.get("principal");
      const weak = administers(principal) ? weakSecrets(c.env, c.req.url) : [];
      return c.json({ ...whoOf(principal), ...planIn(c.env), ...(weak.length > 0 ? { weakSecrets: weak } : {}) }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "delete",
      path: "/session",
      tags: ["Sign-in"],
      summary: "Sign out, here or everywhere. What was made from an ended session ends with it.",
      request: { query: z.object({ everywhere: z.enum(["true", "false"]).default("false") }) },
      responses: { 204: { description: "Signed out" } },
    }),
    async (c) => {
      const hash = c.get("sessionHash");
      if (c.req.valid("query").everywhere === "true") {
        const ended = await directory(c.env).endSessions(c.get("caller"), false);
        if (!ended.ok) throw rejectionProblem(ended.rejection);
      } else if (hash) await directory(c.env).signOut(hash);
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
      description:
        "The link and its session end with the token, and with the session, that they were made with; the session lasts no longer than that one.",
      responses: { 201: json(z.object({ code: z.string() }), "Valid once, for an hour") },
    }),
    async (c) => {
      const code = randomSecret();
      const made = await directory(c.env).createSignInCode(sha256(code), c.get("principal"), c.get("caller"));
      if (!made.ok) throw rejectionProblem(made.rejection);
      failures.remember(sha256(code), true);
      return c.json({ code }, 201, { "Cache-Control": "no-store" });
    },
  );

const planIn = (env: Env) => (isFree(env) ? { plan: "free" as const } : {});

const whoOf = (principal: Principal) => ({
  id: principal.id,
  name: principal.name,
  role: projectRole(principal),
  ...(principal.project ? { project: principal.project } : {}),
  ...(principal.grants ? { environments: principal.grants.environments } : {}),
});

type SignedIn = Awaited<ReturnType<DirectoryMethods["signIn"]>>;

/** Opens a session with a code, which is used up. */
async function byCode(attempt: Attempt, hash: string, codeHash: string, admin: string | null): Promise<SignedIn> {
  let answer: SignedIn = { ok: false, rejection: { code: "sign-in-code-invalid" } };
  await lookUp(attempt, "sign-in-link", codeHash, async () => {
    answer = await directory(attempt.env).signIn(hash, { codeHash }, admin);
    return answer.ok ? answer : null;
  });
  return answer;
}
