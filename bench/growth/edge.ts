import { spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { evaluateAll, prepare } from "../../shared/evaluation/run/evaluate.ts";
import { Edge } from "../../worker/evaluation/edge/edge.ts";
import type { Loaded } from "../../worker/evaluation/edge/loaded.ts";
import { BlockPublisher, ENVIRONMENT, PROJECT } from "./block-publisher.ts";
import type { GrowthRow } from "./row.ts";

/*
 * What one edit costs an edge that is warm: what is shipped to it, how long it is busy at a stretch, and how its memory
 * grows. The Worker's own `Edge`, on a store and a KV that answer at once and lie outside the heap.
 */

/** Old enough for the next request to look for a change. */
const AGED_MS = 1_100;
const EDITS = 60;
/** The first ones teach the engine. */
const WARM_UP = 20;
/** An isolate has 128 MB, of which the Worker itself and requests need some. */
const HEAP_MB = 100;

interface EdgeCosts {
  /** Bytes that one edit ships, and reads of KV for it, at most. */
  shipped: number;
  reads: number;
  /** The longest stretch (ms) without a pause: of each stretch the median over all edits, and of these the longest. */
  slice: number;
  /** Heap in the middle of an edit at most, as a multiple of the heap before. */
  through: number;
}

export async function edgeRows(sizes: readonly number[]): Promise<GrowthRow[]> {
  const costs = new Map<number, EdgeCosts & { misses: number }>();
  for (const size of sizes) costs.set(size, { ...(await inHeap(size)), misses: Number(!fitsInHeap(size)) });
  const of = (name: keyof EdgeCosts | "misses") => new Map([...costs].map(([size, cost]) => [size, cost[name]]));
  return [
    { what: "shipped to a warm isolate for an edit", unit: "bytes", values: of("shipped"), bound: { atMost: 20_000 } },
    { what: "reads of KV for it", unit: "", values: of("reads"), bound: { atMost: 1 } },
    { what: "longest slice of an edge for an edit", unit: "ms", values: of("slice"), bound: { atMost: 3 } },
    { what: "heap through an edit, before it = 1", unit: "", values: of("through"), bound: { atMost: 1.2 } },
    { what: `misses a heap of ${HEAP_MB} MB`, unit: "", values: of("misses"), bound: { atMost: 0 } },
  ];
}

/** An isolate in real time, whose stretches of work are timed. */
class TimedIsolate {
  /** How long (ms) each stretch took since the last request, in their order. */
  stretches: number[] = [];
  shipped = 0;
  reads = 0;
  onPause: () => void = () => {};
  readonly #edge: Edge;
  readonly #store: BlockPublisher;
  #resumedAt = 0;
  #aged = 0;
  readonly #work: Promise<unknown>[] = [];

  constructor(store: BlockPublisher) {
    this.#store = store;
    const now = () => this.#aged + performance.now();
    this.#edge = new Edge({
      now,
      random: () => 0,
      wait: (ms) => (ms === 0 ? this.#pause(undefined) : delay(ms)),
      colo: () => "BENCH",
      cachedPointer: async () => null,
      keepPointer: async () => {},
      claimedAt: async () => null,
      claim: async () => {},
      pace: 1,
      tryCache: async () => true,
      hasRelay: () => false,
      relayPointer: async () => null,
      claimReport: async () => false,
      sendReport: async () => {},
      storePointer: () => this.#pause(structuredClone({ ...store.pointer, asOf: now() }) as never),
      kvSnapshot: (key) => {
        const bytes = store.kv.get(key);
        this.reads++;
        this.shipped += bytes?.length ?? 0;
        return this.#pause(bytes?.toString("latin1") ?? null);
      },
      storeSnapshot: async () => null,
      storeBlock: async () => null,
      breakGlass: async () => ({ environments: {}, whole: true }),
      lastSnapshot: async () => null,
      keepLastSnapshot: async () => {},
      lastBlock: async () => null,
      keepLastBlock: async () => {},
      projectNames: async () => [PROJECT],
      report: ({ event, ...rest }) => {
        throw new Error(`${event} ${JSON.stringify(rest)}`);
      },
    });
  }

  /** Ends a stretch of work; the next one begins when everything else that was due has run. */
  async #pause<T>(answer: T): Promise<T> {
    this.stretches.push(performance.now() - this.#resumedAt);
    await new Promise(setImmediate);
    this.onPause();
    this.#resumedAt = performance.now();
    return answer;
  }

  /** As a request that finds what is known too old, until it is up to date. */
  async catchUp(): Promise<Loaded> {
    this.#aged += AGED_MS;
    this.stretches = [];
    this.#resumedAt = performance.now();
    const waitUntil = (work: Promise<unknown>) => void this.#work.push(work);
    await this.#edge.current(PROJECT, ENVIRONMENT, waitUntil, { vouched: true });
    await Promise.all(this.#work.splice(0));
    this.stretches.push(performance.now() - this.#resumedAt);
    const loaded = await this.#edge.current(PROJECT, ENVIRONMENT, waitUntil);
    if (typeof loaded === "string" || loaded.revision !== this.#store.pointer?.revision)
      throw new Error("the edge has not followed");
    return loaded;
  }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number;

function usedHeap(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed;
}

/** In this process. */
async function inHeap(count: number): Promise<EdgeCosts> {
  const store = new BlockPublisher(count);
  const isolate = new TimedIsolate(store);
  await isolate.catchUp();
  const edits: number[][] = [];
  let [shipped, reads] = [0, 0];
  for (let round = 0; round < EDITS; round++) {
    store.edit(round);
    [isolate.shipped, isolate.reads] = [0, 0];
    await isolate.catchUp();
    if (round >= WARM_UP) edits.push(isolate.stretches);
    shipped = Math.max(shipped, isolate.shipped);
    reads = Math.max(reads, isolate.reads);
  }
  const before = usedHeap();
  store.edit(EDITS);
  let most = 0;
  isolate.onPause = () => {
    most = Math.max(most, usedHeap());
  };
  const { compiled } = await isolate.catchUp();
  if (compiled.size !== count) throw new Error(`the edge holds ${compiled.size} flags of ${count}`);
  return { shipped, reads, slice: longestStretch(edits), through: most / before };
}

/** Stretches of the same number do the same work, so their median leaves out what else the machine did meanwhile. */
function longestStretch(edits: readonly number[][]): number {
  const numbers = Math.min(...edits.map(({ length }) => length));
  const medians = Array.from({ length: numbers }, (_, at) => median(edits.map((stretches) => stretches[at] as number)));
  return Math.max(...medians);
}

/** Loads cold, follows an edit of one flag and one of all flags, and answers between. */
async function fill(count: number): Promise<void> {
  const store = new BlockPublisher(count);
  const isolate = new TimedIsolate(store);
  answered(await isolate.catchUp());
  for (let round = 0; round < 3; round++) {
    store.edit(round);
    answered(await isolate.catchUp());
    store.editAll(round);
    answered(await isolate.catchUp());
  }
}

/** In a frame of its own, which holds on to no version. */
function answered({ compiled }: Loaded): void {
  const subject = prepare(compiled, { targetingKey: "u1", country: "US1", plan: "plan-1" }, 0);
  if (evaluateAll(compiled, subject, "server").flags.length === 0) throw new Error("the edge answers nothing");
}

/** Whether so many flags fit in a small heap, whatever is changed: in a process of its own. */
function fitsInHeap(count: number): boolean {
  const flags = [...process.execArgv, `--max-old-space-size=${HEAP_MB}`];
  const child = spawnSync(process.execPath, [...flags, import.meta.filename, "--fill", String(count)]);
  return child.status === 0;
}

if (process.argv[1] === import.meta.filename) {
  const at = process.argv.indexOf("--fill");
  if (at >= 0) await fill(Number(process.argv[at + 1]));
  else for (const row of await edgeRows([10, 100, 1_000, 10_000])) console.log(row.what, row.values);
}
