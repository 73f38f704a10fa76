import type { Env } from "../../env.ts";
import { Edge } from "./edge.ts";
import { edgeSources } from "./sources.ts";

/** What a place without Cloudflare's name is called, such as a developer's machine. */
const UNNAMED = "local";

/** What one isolate knows: its edge, and where it runs. Made once an isolate; tests make their own. */
export class Isolate {
  #edge: Edge | undefined;
  /** It never moves. */
  #colo: string | null = null;

  /** Cloudflare's name of the data centre, such as FRA; null until a request has come: the cron may wake an isolate before. */
  get colo(): string | null {
    return this.#colo;
  }

  /** Its knowledge, made at the first call: bindings are the same for an isolate's whole life. */
  edge(env: Env, request?: Request): Edge {
    if (this.#colo === null && request !== undefined) this.#colo = coloOf(request);
    this.#edge ??= new Edge(edgeSources(env, () => this.#colo));
    return this.#edge;
  }
}

const isolate = new Isolate();

/** This isolate's knowledge. */
export const isolateEdge = (env: Env, request?: Request): Edge => isolate.edge(env, request);

/** The name of this isolate's data centre; null while it is not known. */
export const isolateColo = (): string | null => isolate.colo;

function coloOf(request: Request): string {
  const named = request.cf?.colo;
  return typeof named === "string" ? named : UNNAMED;
}
