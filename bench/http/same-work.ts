import { Hono } from "hono";

/** All that ours does but evaluating: route, bearer look-up, JSON, ETag and CORS headers, as many bytes. */
const app = new Hono<{ Bindings: { ANSWER: string; KEY: string } }>();
let keys: Map<string, string> | undefined;

app.post("/ofrep/v1/evaluate/flags", async (c) => {
  const { headers } = c.req.raw;
  keys ??= new Map([[c.env.KEY, "server"]]);
  const authorization = headers.get("Authorization");
  if (!authorization?.startsWith("Bearer ") || !keys.has(authorization.slice(7)))
    return Response.json({ errorDetails: "this key is unknown" }, { status: 401 });
  const body = (await c.req.raw.json()) as { context?: { targetingKey?: unknown } };
  if (typeof body.context?.targetingKey !== "string")
    return Response.json({ errorCode: "INVALID_CONTEXT" }, { status: 400 });
  const etag = '"0123456789abcdef"';
  if (headers.get("If-None-Match") === etag) return new Response(null, { status: 304 });
  return new Response(c.env.ANSWER, {
    headers: {
      "Content-Type": "application/json",
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": "ETag, Retry-After",
      ETag: etag,
    },
  });
});

export default app;
