import type { Env } from "../../env.ts";
import { Edge } from "./edge.ts";
import { edgeSources } from "./sources.ts";

let edge: Edge | undefined;

/** This isolate's knowledge, made at the first request: bindings are the same for an isolate's whole life. */
export function isolateEdge(env: Env, request?: Request): Edge {
  edge ??= new Edge(edgeSources(env, coloOf(request)));
  return edge;
}

/** Cloudflare's name of the data centre, such as FRA; an isolate never moves. */
function coloOf(request: Request | undefined): string {
  const colo = request?.cf?.colo;
  return typeof colo === "string" ? colo : "local";
}
