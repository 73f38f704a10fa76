import { type Region, regionOf } from "../../../shared/placement/regions.ts";
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
  #region: Region | null = null;

  /** The region of the world that its data centre is in; null where none is known. */
  get region(): Region | null {
    return this.#region;
  }

  /** Cloudflare's name of the data centre, such as FRA; null until a request has come: the cron may wake an isolate before. */
  get colo(): string | null {
    return this.#colo;
  }

  /** Its knowledge, made at the first call: bindings are the same for an isolate's whole life. */
  edge(env: Env, request?: Request): Edge {
    if (this.#colo === null && request !== undefined) this.#locate(request);
    this.#edge ??= new Edge(edgeSources(env, this));
    return this.#edge;
  }

  /** Clients are near their data centre, so that the continent of the first one is its own. */
  #locate(request: Request): void {
    const { colo, continent } = (request.cf ?? {}) as { colo?: unknown; continent?: unknown };
    this.#colo = typeof colo === "string" ? colo : UNNAMED;
    this.#region = regionOf(this.#colo, typeof continent === "string" ? continent : null);
  }
}

const isolate = new Isolate();

/** This isolate's knowledge. */
export const isolateEdge = (env: Env, request?: Request): Edge => isolate.edge(env, request);

/** The name of this isolate's data centre; null while it is not known. */
export const isolateColo = (): string | null => isolate.colo;

/** The region of this isolate; null while it is not known. */
export const isolateRegion = (): Region | null => isolate.region;
