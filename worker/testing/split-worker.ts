import type { Env } from "../env.ts";
import worker from "../index.ts";

/*
 * The whole Worker in one of two roles. With `STORE` bound it is an edge that has neither objects nor KV of its own and
 * reaches those of the store; without, it is the store, which answers these calls, too.
 */

export * from "../index.ts";

interface SplitEnv extends Env {
  readonly STORE?: Fetcher;
}

const OBJECTS = [
  ...(["FLAG_STORE", "DIRECTORY", "COURIER", "TELEMETRY_SHARD", "GUARD", "DESK", "TEST_LEDGER"] as const),
  ...(["RELAY", "PROPAGATION_REPORTS", "PROBE"] as const),
];
const CALL = /^\/__objects\/([A-Z_]+)\/([^/]+)\/(\w+)$/;
const KV = /^\/__kv\/(.+)$/;

const remoteObjects = (store: Fetcher, binding: string) => ({
  idFromName: (name: string) => name,
  get: (name: string) => ({
    fetch: (url: string, init: RequestInit) =>
      store.fetch(`http://store/__objects/${binding}/${encodeURIComponent(name)}${new URL(url).pathname}`, init),
  }),
});

const remoteKv = (store: Fetcher) => ({
  get: async (key: string): Promise<string | null> => {
    const response = await store.fetch(`http://store/__kv/${encodeURIComponent(key)}`);
    const text = await response.text();
    if (response.ok) return text;
    if (response.status === 404) return null;
    throw new Error(`KV answered ${response.status}`);
  },
});

let edgeEnv: Env | undefined;

/** Made once: what an isolate keeps hangs on its env. */
function asEdge(env: SplitEnv, store: Fetcher): Env {
  edgeEnv ??= {
    ...env,
    SNAPSHOTS: remoteKv(store),
    ...Object.fromEntries(OBJECTS.map((binding) => [binding, remoteObjects(store, binding)])),
  } as unknown as Env;
  return edgeEnv;
}

async function answerEdge(request: Request, env: Env): Promise<Response | null> {
  const { pathname } = new URL(request.url);
  const [, binding, name, method] = CALL.exec(pathname) ?? [];
  const namespace = OBJECTS.find((one) => one === binding);
  if (namespace && name !== undefined) {
    const objects = env[namespace];
    const stub = objects.get(objects.idFromName(decodeURIComponent(name)));
    return stub.fetch(`https://durable/${method}`, { method: "POST", body: request.body });
  }
  const [, key] = KV.exec(pathname) ?? [];
  if (key === undefined) return null;
  const text = await env.SNAPSHOTS.get(decodeURIComponent(key));
  return new Response(text, { status: text === null ? 404 : 200 });
}

export default {
  async fetch(request: Request, env: SplitEnv, context: ExecutionContext): Promise<Response> {
    const handle = worker.fetch as (request: Request, env: Env, context: ExecutionContext) => Promise<Response>;
    if (env.STORE) return handle(request, asEdge(env, env.STORE), context);
    return (await answerEdge(request, env)) ?? handle(request, env, context);
  },
};
