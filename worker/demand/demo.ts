import { Hono } from "hono";
import type { Env } from "../env.ts";
import { parseKey } from "../evaluation/edge/bearer-keys.ts";

/**
 * A shop that shows the three tests at work, with a policy as strict as a page can have. Only where DEMO is "on", which
 * `npm start` sets and no deployment does: `/demo?key=CLIENT_KEY`, made by `npm run demo:tests`.
 */
export const demo = new Hono<{ Bindings: Env }>();

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'";

demo.get("/*", async (c) => {
  if (c.env.DEMO !== "on") return c.notFound();
  if (/\.(?:css|js)$/.test(c.req.path)) return c.env.ASSETS.fetch(c.req.raw);
  const found = await c.env.ASSETS.fetch(new URL("/demo/", c.req.url));
  const key = c.req.query("key") ?? "";
  const rewriter = new HTMLRewriter().on("script[data-key]", {
    element(script) {
      script.setAttribute("data-key", parseKey(key, c.env) ? key : "");
      if (c.req.query("consent") === "required") script.setAttribute("data-consent", "required");
    },
  });
  const page = rewriter.transform(found);
  return new Response(page.body, {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": POLICY,
      "Cache-Control": "no-store",
      "Referrer-Policy": "same-origin",
      "X-Content-Type-Options": "nosniff",
    },
  });
});
