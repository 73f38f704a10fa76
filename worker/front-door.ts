import { app } from "./app.ts";
import type { Env } from "./env.ts";
import { noteHost } from "./evaluation/edge/centre-cache.ts";
import { EVALUATION_PATH, ofrep } from "./evaluation/ofrep.ts";
import { EVENTS_PATH, events } from "./events/events.ts";
import { basePath, withoutBasePath } from "./http/base-path.ts";
import { pathStart } from "./http/path-start.ts";

interface ShortPath {
  readonly path: string;
  /** Whether the handler also takes every longer path that begins so. */
  readonly prefix: boolean;
  /** Null: every method. */
  readonly methods: readonly string[] | null;
  readonly serve: (request: Request, url: string, env: Env, execution: ExecutionContext) => Promise<Response>;
}

/**
 * Requests that go past the router, the most frequent first: the router costs as much as some evaluations, or as reading
 * a batch of events. The router knows the same handlers, for requests that no entry fits.
 */
const SHORT_PATHS: readonly ShortPath[] = [
  { path: EVALUATION_PATH, prefix: true, methods: null, serve: ofrep },
  {
    path: EVENTS_PATH,
    prefix: false,
    methods: ["POST", "OPTIONS"],
    serve: (request, _url, env, execution) => events(request, env, execution),
  },
];

const SLASH = 47;

/** A base URL that ends with a slash makes clients ask for `//ofrep/…`, which means the same. */
function withoutExtraSlashes(url: string): string {
  const start = pathStart(url);
  if (url.charCodeAt(start + 1) !== SLASH) return url;
  let end = start + 1;
  while (url.charCodeAt(end) === SLASH) end++;
  return url.slice(0, start + 1) + url.slice(end);
}

function addressMeant(url: string, env: Env): string {
  const plain = withoutExtraSlashes(url);
  return env.BASE_PATH ? withoutExtraSlashes(withoutBasePath(plain, basePath(env))) : plain;
}

/** The Worker's one entry for requests: the first short path that fits, or else the router. */
export function frontDoor(request: Request, env: Env, execution: ExecutionContext): Response | Promise<Response> {
  // Read once: the runtime makes the string anew each time.
  const { url } = request;
  noteHost(url, env);
  const meant = addressMeant(url, env);
  return route(meant === url ? request : new Request(meant, request), meant, env, execution);
}

function route(request: Request, url: string, env: Env, execution: ExecutionContext): Response | Promise<Response> {
  const start = pathStart(url);
  for (const { path, prefix, methods, serve } of SHORT_PATHS) {
    if (!url.startsWith(path, start)) continue;
    const end = start + path.length;
    const fits = prefix || end === url.length || url[end] === "?";
    if (fits && (methods === null || methods.includes(request.method))) return serve(request, url, env, execution);
  }
  return app.fetch(request, env, execution);
}
