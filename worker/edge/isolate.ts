import type { Env } from "../env.ts";
import { Edge } from "./edge.ts";
import { edgeSources } from "./sources.ts";

let edge: Edge | undefined;

/** This isolate's knowledge, made at the first request: bindings are the same for an isolate's whole life. */
export function isolateEdge(env: Env): Edge {
  edge ??= new Edge(edgeSources(env));
  return edge;
}
