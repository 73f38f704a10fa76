import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { LIMITS } from "../../../shared/limits.ts";
import { projectRole, roleIn } from "../../../shared/role-in.ts";
import { type Actor, type Role, roleCovers } from "../../../shared/schema/admin.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { API_TOKEN_PREFIX, bearerOf, SESSION_PREFIX } from "../../crypto/tokens.ts";
import type { Env } from "../../env.ts";
import { ProblemError } from "../../http/problem.ts";
import type { Caller, Principal } from "../../objects/directory/directory-records.ts";
import { ADMINISTRATOR } from "../../objects/directory/sessions.ts";
import { directory } from "../../objects/stubs.ts";
import { adminFingerprint, isAdminToken, warnOfWeakSecrets } from "./admin-token.ts";
import { type Attempt, attemptOf, failed, lookUp, reportFailures } from "./failed-sign-ins.ts";

export interface AdminEnv {
  Bindings: Env;
  Variables: { principal: Principal; caller: Caller; sessionHash?: string };
}

/** `__Host-` binds the cookie to this host and HTTPS; plain HTTP exists on loopback only and cannot carry it. */
export const cookieName = (url: string): string => (url.startsWith("https:") ? "__Host-blastdoor" : "blastdoor");

const unauthenticated = (detail: string) =>
  new ProblemError(
    401,
    "unauthenticated",
    "Sign in first",
    { detail },
    { "WWW-Authenticate": 'Bearer realm="blastdoor"' },
  );

/**
 * Who asks: the administrator's token, an API token or the dashboard's session. Administration fails closed: without
 * the directory nobody but the administrator's token gets in.
 */
export const authenticate: MiddlewareHandler<AdminEnv> = async (c, next) => {
  warnOfWeakSecrets(c.env, c.req.url);
  const attempt = attemptOf(c);
  const token = bearerOf(c.req.raw.headers);
  if (token !== null) {
    const { principal, caller } = await callerOfToken(attempt, token);
    c.set("principal", principal);
    c.set("caller", caller);
  } else {
    const session = getCookie(c, cookieName(c.req.url));
    if (!session || session.length > LIMITS.tokenChars)
      throw unauthenticated("Send Authorization: Bearer TOKEN, or sign in at the dashboard.");
    refuseCrossSite(c);
    const hash = sha256(session);
    const caller: Caller = { credential: { session: hash }, admin: adminFingerprint(c.env) };
    const principal = session.startsWith(SESSION_PREFIX) ? await principalOfCaller(attempt, caller) : null;
    if (!principal) throw unauthenticated("The session has ended. Sign in again.");
    c.set("principal", { ...principal, type: "session" });
    c.set("sessionHash", hash);
    c.set("caller", caller);
  }
  reportFailures(c.env, attempt.waitUntil);
  await next();
};

/** Who a token speaks for, and how the directory can judge it again. */
export async function callerOfToken(
  attempt: Attempt,
  token: string,
): Promise<{ principal: Principal; caller: Caller }> {
  const { env } = attempt;
  const admin = adminFingerprint(env);
  if (admin !== null && isAdminToken(env, token))
    return { principal: ADMINISTRATOR, caller: { credential: { adminToken: admin }, admin } };
  if (token.length <= LIMITS.tokenChars && token.startsWith(API_TOKEN_PREFIX)) {
    const caller = { credential: { token: sha256(token) }, admin };
    const principal = await principalOfCaller(attempt, caller);
    if (principal) return { principal, caller };
  } else failed(attempt, "token");
  throw unauthenticated("The token is unknown or revoked.");
}

/** Null: whatever it was has ended. */
async function principalOfCaller(attempt: Attempt, { credential, admin }: Caller): Promise<Principal | null> {
  const list = directory(attempt.env);
  if ("token" in credential)
    return lookUp(attempt, "token", credential.token, () => list.principalOfToken(credential.token));
  if ("session" in credential)
    return lookUp(attempt, "session", rememberedSession(credential.session, admin), () =>
      list.principalOfSession(credential.session, admin),
    );
  return ADMINISTRATOR;
}

/** A session is as good as the ADMIN_TOKEN of the Worker that is asked, so it is remembered together with that. */
export const rememberedSession = (hash: string, admin: string | null): string => `${hash} ${admin ?? ""}`;

/** Asks anew who the caller is: for an answer that was long in coming. */
export async function requireStill(c: Context<AdminEnv>): Promise<void> {
  if (!(await principalOfCaller(attemptOf(c), c.get("caller"))))
    throw unauthenticated("The session has ended, or the token was revoked, while this request waited.");
}

/** A cookie travels with requests that other sites start; those must not change anything. */
function refuseCrossSite(c: Context): void {
  if (c.req.method === "GET" || c.req.method === "HEAD") return;
  // Browsers say it in Sec-Fetch-Site, which no page can set; older ones in Origin, unless a referrer policy hides it.
  if (c.req.header("Sec-Fetch-Site") === "same-origin") return;
  if (c.req.header("Origin") === new URL(c.req.url).origin) return;
  throw new ProblemError(403, "cross-site", "This request came from another site", {
    detail: "Changes by cookie must come from the dashboard itself.",
  });
}

/** Who asks, as audits name them. */
export function actorOf(c: Context<AdminEnv>): Actor {
  const { type, id, name, role } = c.get("principal");
  return { type, id, name, role };
}

/** Whether somebody administers the whole installation, and not one project of it. */
export const administers = ({ role, project }: Principal): boolean => role === "admin" && project === undefined;

/**
 * The least role a route asks for: in its environment, if it names one, and else in the project. What a command changes
 * is judged beneath, in rights.ts.
 */
export const requireRole =
  (needs: Role): MiddlewareHandler<AdminEnv> =>
  async (c, next) => {
    const principal = c.get("principal");
    const project = c.req.param("project");
    // A token bound to a project may read what has no project (its own session, the list that is filtered for it).
    const withinBounds = project === undefined ? needs === "viewer" : project === principal.project;
    if (principal.project !== undefined && !withinBounds) {
      const detail = `This token is for the project "${principal.project}" only.`;
      throw new ProblemError(403, "forbidden", "You may not do this", { detail });
    }
    const environment = c.req.param("environment");
    const has = environment === undefined ? projectRole(principal) : roleIn(principal, environment);
    if (!roleCovers(has, needs)) {
      const there = principal.grants ? ` in ${environment ?? "the project"}` : "";
      throw new ProblemError(403, "forbidden", "You may not do this", {
        detail: `It needs the role ${needs}${there}; yours${there && " there"} is ${has}.`,
      });
    }
    await next();
  };
