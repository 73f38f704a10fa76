import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import { LIMITS } from "../../shared/limits.ts";
import { type Role, roleCovers } from "../../shared/schema/admin.ts";
import type { Principal } from "../durable/directory.ts";
import { directory } from "../durable/stubs.ts";
import type { Env } from "../env.ts";
import { ProblemError } from "../http/problem.ts";
import { bearerOf, sameSecret } from "../http/tokens.ts";
import { sha256 } from "../kv/snapshot-store.ts";

export interface AdminEnv {
  Bindings: Env;
  Variables: { principal: Principal; sessionHash?: string };
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
  const token = bearerOf(c.req.raw.headers);
  if (token !== null) c.set("principal", await principalOfToken(c.env, token));
  else {
    const session = getCookie(c, cookieName(c.req.url));
    if (!session || session.length > LIMITS.tokenChars)
      throw unauthenticated("Send Authorization: Bearer TOKEN, or sign in at the dashboard.");
    refuseCrossSite(c);
    const hash = sha256(session);
    const principal = await directory(c.env).principalOfSession(hash);
    if (!principal) throw unauthenticated("The session has ended. Sign in again.");
    c.set("principal", { ...principal, type: "session" });
    c.set("sessionHash", hash);
  }
  await next();
};

export async function principalOfToken(env: Env, token: string): Promise<Principal> {
  if (env.ADMIN_TOKEN && sameSecret(token, env.ADMIN_TOKEN))
    return { type: "admin", id: "admin", name: "Administrator", role: "admin" };
  const principal = token.length <= LIMITS.tokenChars ? await directory(env).principalOfToken(sha256(token)) : null;
  if (!principal) throw unauthenticated("The token is unknown or revoked.");
  return principal;
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

/** The least role a route asks for, and the project it is bound to, if any. */
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
    if (!roleCovers(principal.role, needs)) {
      throw new ProblemError(403, "forbidden", "You may not do this", {
        detail: `It needs the role ${needs}; yours is ${principal.role}.`,
      });
    }
    await next();
  };
