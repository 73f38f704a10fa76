import { WorkerEntrypoint } from "cloudflare:workers";
import type { Pointer } from "../../shared/schema/pointer.ts";
import { sha256 } from "../crypto/sha256.ts";
import type { Env } from "../env.ts";
import { openStreams } from "../evaluation/streams.ts";
import worker from "../index.ts";
import { FlagStore as RealFlagStore } from "../objects/flag-store/flag-store.ts";
import { Guard as RealGuard } from "../objects/guard/guard.ts";
import { checkpoints } from "./checkpoints.ts";
import type { Faults, FaultsSeen } from "./faults.ts";

interface TestEnv extends Env {
  /** Where to announce the steps of a write; absent: nobody stops one. */
  readonly FAULT_SERVER?: string;
  /** The data centre that this isolate is in. */
  readonly COLO?: string;
  /** And the continent of that; absent: it has no relay. */
  readonly CONTINENT?: string;
  readonly STORE_MS?: string;
}

// The whole Worker with faults, for tests that run several of it. What is set at `/__faults` holds for one isolate.

let faults: Faults = {};
let fired: Record<string, number> = {};
let storeCalls: Record<string, number> = {};
let relayCalls = { answered: 0, other: 0 };

const count = (counts: Record<string, number>, name: string) => {
  counts[name] = (counts[name] ?? 0) + 1;
};
const never = <T>(): Promise<T> => scheduler.wait(3_600_000) as Promise<never>;

function active<K extends keyof Faults>(kind: K): Faults[K] {
  const fault = faults[kind];
  if (fault !== undefined) count(fired, `${kind}:${fault}`);
  return fault;
}

/** What KV held when it was last read, for a KV that lags behind. */
const seen = new Map<string, string | null>();
/** By hash. */
const newerSnapshots = new Map<string, string>();

/** The pointer names snapshots that say of themselves that only later readers can read them. */
async function forLaterReaders(stub: DurableObjectStub, response: Response): Promise<Response> {
  const pointer = (await response.json()) as Pointer;
  for (const [environment, named] of Object.entries(pointer.environments)) {
    const parameters = JSON.stringify([environment, named.hash]);
    const asked = await stub.fetch("https://durable/snapshot", { method: "POST", body: parameters });
    const text = (await asked.json()) as string;
    const later = text.replace(/"minReader":\d+/, '"minReader":999');
    named.hash = sha256(later);
    newerSnapshots.set(named.hash, later);
  }
  return Response.json(pointer);
}

const realNow = Date.now;
let frozenAt: number | null = null;
Date.now = () => {
  if (faults.clock === undefined) return realNow();
  active("clock");
  if (faults.clock === "frozen") {
    frozenAt ??= realNow();
    return frozenAt;
  }
  return realNow() + (faults.clock === "hour-fast" ? 3_600_000 : -3_600_000);
};

function faultyKv(kv: KVNamespace, evict: () => void = () => {}): KVNamespace {
  const faulty = {
    async get(key: string, options?: KVNamespaceGetOptions<"text">): Promise<string | null> {
      const fault = active("kvRead");
      if (fault === "null") return null;
      if (fault === "hang") return never();
      if (fault?.startsWith("error")) throw new Error(`KV GET failed: ${fault.slice(6)}`);
      const newer = newerSnapshots.get(key.slice(-64));
      if (newer) return newer;
      const value = await kv.get(key, options as KVNamespaceGetOptions<"text">);
      if (fault === "stale") {
        if (!seen.has(key) && key.startsWith("snapshots/")) return null;
        return seen.get(key) ?? null;
      }
      seen.set(key, value);
      if (value === null || fault === undefined) return value;
      if (fault === "truncated") return value.slice(0, -20);
      if (fault === "foreign") return value.replace('"environment":"production"', '"environment":"staging"');
      const middle = value.length >> 1;
      return value.slice(0, middle) + String.fromCharCode(value.charCodeAt(middle) ^ 1) + value.slice(middle + 1);
    },
    async list(options: KVNamespaceListOptions) {
      const fault = active("kvRead");
      if (fault === "hang") return never();
      if (fault?.startsWith("error")) throw new Error(`KV LIST failed: ${fault.slice(6)}`);
      const shown = `list ${options.prefix}`;
      if (fault === "stale" && seen.has(shown)) return JSON.parse(seen.get(shown) as string);
      const { keys, list_complete } = await kv.list(options);
      seen.set(shown, JSON.stringify({ keys, list_complete }));
      return fault === "null" ? { keys: [], list_complete } : { keys, list_complete };
    },
    async put(key: string, body: string, options?: KVNamespacePutOptions): Promise<void> {
      const fault = active("kvWrite");
      if (fault === "hang") return never();
      if (fault === "evict") {
        // By then the commit lies on the disk: what it wrote in the same instant would be rolled back.
        await scheduler.wait(50);
        evict();
        return never();
      }
      if (fault) throw new Error(`KV PUT failed: ${fault.slice(6)}`);
      await kv.put(key, body, options);
    },
    delete: (key: string) => kv.delete(key),
  };
  return faulty as unknown as KVNamespace;
}

function faultyStore(namespace: DurableObjectNamespace): DurableObjectNamespace {
  const wrap = (stub: DurableObjectStub) => ({
    async fetch(url: string, init: RequestInit): Promise<Response> {
      count(storeCalls, new URL(url).pathname.slice(1));
      const way = faults.storeMs;
      if (way) await scheduler.wait(way / 2);
      const fault = active("store");
      if (fault === "throw") throw new Error("Network connection lost.");
      if (fault === "overloaded") throw new Error("Durable Object is overloaded. Too many requests queued.");
      if (fault === "hang") return never();
      if (fault === "status-500") return new Response("internal error", { status: 500 });
      const response = await stub.fetch(url, init);
      if (faults.snapshots && url.endsWith("/pointer") && response.ok) {
        active("snapshots");
        return forLaterReaders(stub, response);
      }
      if (fault === "lost-reply") {
        await response.arrayBuffer();
        throw new Error("Network connection lost.");
      }
      if (way) await scheduler.wait(way / 2);
      return response;
    },
  });
  return {
    idFromName: (name: string) => namespace.idFromName(name),
    get: (id: DurableObjectId) => wrap(namespace.get(id)),
  } as unknown as DurableObjectNamespace;
}

/** What the relay said when it first answered under the fault "stale". */
let staleAnswer: string | null = null;

function faultyRelay(namespace: DurableObjectNamespace): DurableObjectNamespace {
  const wrap = (stub: DurableObjectStub) => ({
    async fetch(request: RequestInfo, init?: RequestInit): Promise<Response> {
      const fault = active("relay") ?? (faults.store === "lost-reply" ? undefined : faults.store);
      if (fault === "hang") return never();
      if (fault !== undefined && fault !== "stale") throw new Error("Durable Object is overloaded.");
      const response = await stub.fetch(request as never, init as never);
      if (response.webSocket) return response as unknown as Response;
      let text = await response.text();
      if (fault === "stale" && text !== "null") {
        // A relay whose signal and clock both stand still.
        staleAnswer ??= text;
        text = staleAnswer;
      }
      relayCalls[response.ok && text !== "null" ? "answered" : "other"]++;
      return new Response(text, { status: response.status });
    },
  });
  return {
    idFromName: (name: string) => namespace.idFromName(name),
    get: (id: DurableObjectId, options?: object) => wrap(namespace.get(id, options)),
  } as unknown as DurableObjectNamespace;
}

function breakCache(): void {
  const { match, put } = Cache.prototype;
  const broken = (method: (...parameters: never[]) => Promise<unknown>, miss: unknown) =>
    async function (this: Cache, ...parameters: never[]) {
      const fault = active("cache");
      if (fault === "hang") return never();
      if (fault === "throw") throw new Error("the cache is broken");
      if (fault === "miss") return miss;
      return method.apply(this, parameters);
    };
  Object.assign(Cache.prototype, { match: broken(match as never, undefined), put: broken(put as never, undefined) });
}
breakCache();

let wrapped: TestEnv | undefined;

function wrap(env: TestEnv): TestEnv {
  if (!wrapped && env.STORE_MS) faults.storeMs = Number(env.STORE_MS);
  wrapped ??= {
    ...env,
    SNAPSHOTS: faultyKv(env.SNAPSHOTS),
    FLAG_STORE: faultyStore(env.FLAG_STORE),
    RELAY: faultyRelay(env.RELAY),
  };
  return wrapped;
}

// The objects as they are, save two that can be stopped at their steps.
export * from "../index.ts";

export class FlagStore extends RealFlagStore {
  readonly #evict: () => void;

  constructor(state: DurableObjectState, env: TestEnv) {
    const evict = () => state.abort("evicted");
    super(state, { ...wrap(env), SNAPSHOTS: faultyKv(env.SNAPSHOTS, evict) }, checkpoints(env.FAULT_SERVER));
    this.#evict = evict;
  }

  override async fetch(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/evict") this.#evict();
    return super.fetch(request);
  }
}

export class Guard extends RealGuard {
  constructor(state: DurableObjectState, env: TestEnv) {
    super(state, env, checkpoints(env.FAULT_SERVER));
  }
}

/** KV for isolates of other instances, which have none of their own. */
export class SharedKv extends WorkerEntrypoint<TestEnv> {
  get(key: string, options?: KVNamespaceGetOptions<"text">): Promise<string | null> {
    return this.env.SNAPSHOTS.get(key, options as KVNamespaceGetOptions<"text">);
  }
  put(key: string, body: string, options?: KVNamespacePutOptions): Promise<void> {
    return this.env.SNAPSHOTS.put(key, body, options);
  }
  list(options: KVNamespaceListOptions) {
    return this.env.SNAPSHOTS.list(options);
  }
  delete(key: string): Promise<void> {
    return this.env.SNAPSHOTS.delete(key);
  }
}

export default {
  async fetch(request: Request, env: TestEnv, context: ExecutionContext): Promise<Response> {
    const ours = wrap(env);
    if (new URL(request.url).pathname === "/__faults") {
      if (request.method === "PUT") {
        faults = { ...(env.STORE_MS ? { storeMs: Number(env.STORE_MS) } : {}), ...((await request.json()) as Faults) };
        fired = {};
        frozenAt = null;
        storeCalls = {};
        relayCalls = { answered: 0, other: 0 };
      }
      return Response.json({ faults, fired, storeCalls, relayCalls, openStreams: openStreams() } satisfies FaultsSeen);
    }
    const evicted = /^\/__evict\/(.+)$/.exec(new URL(request.url).pathname)?.[1];
    if (evicted) {
      const store = env.FLAG_STORE.get(env.FLAG_STORE.idFromName(evicted));
      await store.fetch("https://durable/evict", { method: "POST" }).catch(() => {});
      return new Response(null, { status: 204 });
    }
    const here = new Request(request, { cf: { colo: env.COLO ?? "TST", continent: env.CONTINENT } } as RequestInit);
    return (worker.fetch as (r: Request, e: Env, c: ExecutionContext) => Promise<Response>)(here, ours, context);
  },
};
