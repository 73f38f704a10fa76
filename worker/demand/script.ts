import { Hono } from "hono";
import type { Env } from "../env.ts";

/**
 * `/blastdoor.js`, built with the dashboard. Any page may load it; a new one is in use everywhere within minutes. Its
 * second part differs by the query alone, which policies of pages do not look at.
 */
export const script = new Hono<{ Bindings: Env }>();

script.get("/blastdoor.js", async (c) => {
  const known = c.req.header("If-None-Match");
  const asked = known === undefined ? {} : { headers: { "If-None-Match": known } };
  const file = c.req.query("doors") === undefined ? "/blastdoor.js" : "/blastdoor-doors.js";
  const built = await c.env.ASSETS.fetch(new URL(file, c.req.url), asked);
  const headers = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Cache-Control": "public, max-age=300, stale-while-revalidate=86400",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
  };
  // Nobody keeps an error for a script.
  if (!built.ok && built.status !== 304) return c.notFound();
  const etag = built.headers.get("ETag");
  const { status } = built;
  return new Response(status === 304 ? null : built.body, {
    status,
    headers: { ...headers, ...(etag ? { ETag: etag } : {}) },
  });
});
