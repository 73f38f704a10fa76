import type { Context } from "hono";
import type { Env } from "./env.ts";

/** First parts of addresses that programs call. In another spelling they are mistakes, and no page of ours. */
const OF_PROGRAMS = /^(?:api|ofrep|server|v\d+|healthz|metrics|demo|assets|cdn-cgi|blastdoor\.js)$/i;
/** Parts of addresses of the API, for which its own beginning was forgotten. */
const OF_THE_API = /^(?:projects|environments|tokens|sessions?|sign-in-links|evaluate|events|streams|triggers|doors)$/i;

/**
 * Whether an address is the dashboard's, which finds its own way among them. What looks like a file or a call is not: a
 * browser would keep the page for a script, and a program would take it for an answer.
 */
export function isDashboardPath(path: string): boolean {
  const [, first = "", ...rest] = path.split("/");
  if (OF_PROGRAMS.test(first) || OF_THE_API.test(first)) return false;
  if (first !== "p" && rest.some((part) => OF_PROGRAMS.test(part) || OF_THE_API.test(part))) return false;
  // Keys of flags, which stand in a project's addresses, may hold dots.
  return first === "p" || !(rest.at(-1) ?? first).includes(".");
}

/** Whether a program asks: it shows a token, or takes no page for an answer. */
function isCall(headers: Headers): boolean {
  const accepted = headers.get("Accept") ?? "*/*";
  const hasToken = headers.has("X-API-Key") || /^bearer /i.test(headers.get("Authorization") ?? "");
  return hasToken || !/text\/(?:html|\*)|\*\/\*/.test(accepted);
}

/** The dashboard's page at any of its addresses; null where it is not asked for. */
export async function dashboardPage(c: Context<{ Bindings: Env }>): Promise<Response | null> {
  if (!isDashboardPath(c.req.path)) return null;
  if (c.req.path !== "/" && isCall(c.req.raw.headers)) return null;
  const known = c.req.header("If-None-Match");
  const asked = known === undefined ? {} : { headers: { "If-None-Match": known } };
  const page = await c.env.ASSETS.fetch(new URL("/", c.req.url), asked);
  // A copy, whose headers can be added to.
  return new Response(page.body, page);
}
