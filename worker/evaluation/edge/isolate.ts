import type { Env } from "../../env.ts";
import { Edge } from "./edge.ts";
import { edgeSources } from "./sources.ts";

/** What a place without Cloudflare's name is called, such as a developer's machine. */
const UNNAMED = "local";

let edge: Edge | undefined;
/** Null until a request has come, which alone tells it: the cron may wake an isolate before. It never moves. */
let colo: string | null = null;

/** This isolate's knowledge, made at the first call: bindings are the same for an isolate's whole life. */
export function isolateEdge(env: Env, request?: Request): Edge {
  if (colo === null && request !== undefined) colo = coloOf(request);
  edge ??= new Edge(edgeSources(env, isolateColo));
  return edge;
}

/** Cloudflare's name of this isolate's data centre, such as FRA; null while it is not known. */
export const isolateColo = (): string | null => colo;

function coloOf(request: Request): string {
  const named = request.cf?.colo;
  return typeof named === "string" ? named : UNNAMED;
}
