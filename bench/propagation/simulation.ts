import { storedSlug } from "../../shared/schema/names.ts";
import { type Snapshot, snapshot as snapshotSchema } from "../../shared/schema/snapshot.ts";
import { sha256 } from "../../worker/crypto/sha256.ts";
import { Edge } from "../../worker/evaluation/edge/edge.ts";
import type { EdgeSources } from "../../worker/evaluation/edge/edge-sources.ts";
import { BOUND_MS } from "../../worker/evaluation/edge/pointer-lane.ts";
import { POINTER_READS_AT_ONCE, POINTER_READS_PER_S, RateGate } from "../../worker/objects/kernel/admission.ts";
import { randomOf, VirtualTime } from "./virtual-time.ts";

/*
 * Many data centres and isolates on one store, in virtual time. The isolates are the Worker's own `Edge`, the store
 * admits with the Worker's own `RateGate`: nothing of the lane is rebuilt here, only what surrounds it: round trips,
 * each data centre's cache, the store's single thread, and requests.
 */

export interface SimulationOptions {
  centres: number;
  isolates: number;
  seed: number;
}

/** What happened while a phase lasted. */
export interface Phase {
  name: string;
  seconds: number;
  /** Pointer reads that reached the store, a second: mean, and the busiest second. */
  reads: { mean: number; peak: number };
  /** Of these, turned away in the whole phase. */
  refused: number;
  requests: number;
  /** Requests answered without any knowledge: callers serve their defaults. */
  nothingKnown: number;
  /** Requests that waited, and the longest wait (ms). */
  waited: { requests: number; longest: number };
  kills: number;
  /** Commit → start of the last stale answer (ms), over isolates and kills. */
  perIsolate: Distribution;
  /** The same for the last isolate of all, over kills. */
  lastIsolate: Distribution;
  /** Answers without a kill that was committed more than BOUND_MS before their request began. */
  late: number;
}

export interface Distribution {
  median: number;
  p99: number;
  worst: number;
}

const PROJECT = storedSlug("shop");
const ENVIRONMENT = storedSlug("production");
/** Round trips between a data centre and the store (ms), as quantiles: one continent near, the others far. */
const ROUND_TRIPS = [2, 15, 40, 80, 120, 150, 180, 210, 240, 280, 350];
/** One call in so many takes `SLOW` times as long. */
const SLOW_ONE_IN = 200;
const SLOW = 2.5;
/** A look into the data centre's cache, and KV read in a data centre (ms). */
const CACHE_MS = 3;
const KV_MS = 25;
/** The store's thread is busy so long (ms) with a pointer it gives and with one it refuses. */
const SERVICE_MS = 0.4;
const REFUSAL_MS = 0.05;
const POINTER_TTL_MS = 1_000;
/** Isolates' clocks are off by so much at most (ms). */
const CLOCK_ERROR_MS = 30;
/** Requests a second of the quietest and the busiest isolates; most are in the lower half (log-uniform). */
const RATES = { least: 0.2, most: 40 };

interface Centre {
  roundTrip: number;
  pointer: { value: string; until: number } | null;
  claimedAt: number | null;
  last: string | null;
}

interface Isolate {
  edge: Edge;
  centre: Centre;
  rate: number;
  clockError: number;
  /** For every kill: how long after its commit the last request began that did not know of it (ms). */
  stale: Float64Array;
}

const snapshot: Snapshot = snapshotSchema.parse({
  minReader: 1,
  project: PROJECT,
  environment: ENVIRONMENT,
  epoch: 1,
  revision: 1,
  flags: {
    checkout: {
      variants: { on: true, off: false },
      offVariant: "off",
      visibility: "public",
      seed: "s",
      state: { enabled: true, fallthrough: { variant: "on" } },
    },
  },
  segments: {},
  layers: {},
  holdouts: {},
  keys: [],
  kills: [],
});
const snapshotText = JSON.stringify(snapshot);
const snapshotHash = sha256(snapshotText);

export class Simulation {
  readonly time = new VirtualTime();
  readonly isolates: Isolate[] = [];
  storeIsDown = false;
  cachesWork = true;
  readonly #random: () => number;
  #gate = new RateGate(POINTER_READS_PER_S, POINTER_READS_AT_ONCE);
  /** When the store's thread is free again (ms). */
  #busyUntil = 0;
  /** Commit times (ms). */
  #kills: number[] = [];
  #reads = new Map<number, number>();
  #count = { refused: 0, requests: 0, nothingKnown: 0, waited: 0, longest: 0, late: 0 };

  constructor({ centres, isolates, seed }: SimulationOptions) {
    this.#random = randomOf(seed);
    const places = Array.from({ length: centres }, (): Centre => {
      const at = this.#random() * (ROUND_TRIPS.length - 1);
      const [near = 0, far = 0] = ROUND_TRIPS.slice(Math.floor(at));
      return { roundTrip: near + (far - near) * (at % 1), pointer: null, claimedAt: null, last: null };
    });
    for (let index = 0; index < isolates; index++) {
      // The first ones give every centre an isolate, the others crowd into the big ones.
      const place = index < centres ? index : Math.floor(centres * this.#random() ** 3);
      const centre = places[place] as Centre;
      const clockError = (this.#random() * 2 - 1) * CLOCK_ERROR_MS;
      const isolate: Isolate = {
        edge: new Edge(this.#sources(centre, clockError)),
        centre,
        rate: RATES.least * (RATES.most / RATES.least) ** this.#random(),
        clockError,
        stale: new Float64Array(0),
      };
      this.isolates.push(isolate);
      this.#requestLater(isolate);
    }
  }

  /** All isolates at once begin anew with empty memory, as after a deployment; caches stay. */
  restartIsolates(): void {
    for (const isolate of this.isolates) isolate.edge = new Edge(this.#sources(isolate.centre, isolate.clockError));
  }

  /** Kills come about every `everyMs`; for the last seconds of a phase none does, so that all of them arrive in it. */
  async phase(name: string, { seconds = 20, everyMs = 1_500, kills = true } = {}): Promise<Phase> {
    this.#reads = new Map();
    this.#count = { refused: 0, requests: 0, nothingKnown: 0, waited: 0, longest: 0, late: 0 };
    const first = this.#kills.length;
    const settleMs = 4_000;
    if (kills) {
      for (let at = 200 * this.#random(); at < seconds * 1_000 - settleMs; at += everyMs * (0.5 + this.#random()))
        this.time.after(at, () => this.#kills.push(this.time.now));
    }
    for (const isolate of this.isolates) isolate.stale = new Float64Array(this.#kills.length + seconds * 10);
    await this.time.run(seconds * 1_000);
    const after: number[] = [];
    const last: number[] = [];
    for (let kill = first; kill < this.#kills.length; kill++) {
      const reached = this.isolates.map(({ stale }) => stale[kill] ?? 0);
      after.push(...reached);
      last.push(Math.max(...reached));
    }
    const perSecond = Array.from({ length: seconds }, () => 0);
    for (const [second, reads] of this.#reads) perSecond[second % seconds] = reads;
    const { refused, requests, nothingKnown, waited, longest, late } = this.#count;
    return {
      name,
      seconds,
      reads: { mean: perSecond.reduce((sum, reads) => sum + reads, 0) / seconds, peak: Math.max(...perSecond) },
      refused,
      requests,
      nothingKnown,
      waited: { requests: waited, longest },
      kills: this.#kills.length - first,
      perIsolate: distribution(after),
      lastIsolate: distribution(last),
      late,
    };
  }

  #requestLater(isolate: Isolate): void {
    const pause = (-Math.log(1 - this.#random()) / isolate.rate) * 1_000;
    this.time.after(pause, () => {
      void this.#request(isolate);
      this.#requestLater(isolate);
    });
  }

  async #request(isolate: Isolate): Promise<void> {
    const began = this.time.now;
    const loaded = await isolate.edge.current(PROJECT, ENVIRONMENT, () => {});
    const took = this.time.now - began;
    this.#count.requests++;
    if (took > 0) {
      this.#count.waited++;
      this.#count.longest = Math.max(this.#count.longest, took);
    }
    if (typeof loaded === "string") {
      this.#count.nothingKnown++;
      return;
    }
    // The pointer names the latest kill alone; its id is its number.
    const known = loaded.kills.length === 0 ? 0 : Number(loaded.kills[0]?.id) + 1;
    // The first that it does not know of has been in force for longest.
    if (began - (this.#kills[known] ?? Number.POSITIVE_INFINITY) > BOUND_MS) this.#count.late++;
    for (let kill = known; kill < this.#kills.length; kill++) {
      const after = began - (this.#kills[kill] as number);
      if (after <= 0) break;
      isolate.stale[kill] = Math.max(isolate.stale[kill] ?? 0, after);
    }
  }

  /** The way from a data centre to the store or back (ms). */
  #way(centre: Centre): number {
    const slow = this.#random() * SLOW_ONE_IN < 1 ? SLOW : 1;
    return (centre.roundTrip / 2) * (0.95 + this.#random() * 0.1) * slow;
  }

  async #askStore(centre: Centre): Promise<string> {
    await this.time.wait(this.#way(centre));
    const second = Math.floor(this.time.now / 1_000);
    this.#reads.set(second, (this.#reads.get(second) ?? 0) + 1);
    const admitted = !this.storeIsDown && this.#gate.admits(this.time.now);
    this.#busyUntil = Math.max(this.time.now, this.#busyUntil) + (admitted ? SERVICE_MS : REFUSAL_MS);
    await this.time.wait(this.#busyUntil - this.time.now);
    const latest = this.#kills.length - 1;
    const kills = latest < 0 ? [] : [{ id: String(latest), flag: "checkout", serve: "off", revision: 2 + latest }];
    const environments = { [ENVIRONMENT]: { revision: 1, hash: snapshotHash, kills, tombstones: [] } };
    const pointer = { project: PROJECT, epoch: 1, revision: 2 + latest, environments, asOf: this.time.now };
    const text = JSON.stringify(pointer);
    await this.time.wait(this.#way(centre));
    if (admitted) return text;
    this.#count.refused++;
    throw new Error(this.storeIsDown ? "connection lost" : "pointer answered 503");
  }

  #sources(centre: Centre, clockError: number): EdgeSources {
    const { time } = this;
    const looked = <T>(found: () => T): Promise<T> => time.wait(CACHE_MS).then(found);
    return {
      now: () => time.now + clockError,
      random: this.#random,
      wait: (ms) => time.wait(ms),
      colo: () => "SIM",
      cachedPointer: () =>
        looked(() => {
          const { pointer } = centre;
          return this.cachesWork && pointer && time.now < pointer.until ? JSON.parse(pointer.value) : null;
        }),
      keepPointer: (pointer) =>
        looked(() => {
          centre.pointer = { value: JSON.stringify(pointer), until: time.now + POINTER_TTL_MS };
        }),
      claimedAt: () => looked(() => (this.cachesWork ? centre.claimedAt : null)),
      claim: () =>
        looked(() => {
          centre.claimedAt = time.now + clockError;
        }),
      pace: 1,
      tryCache: () => looked(() => this.cachesWork),
      claimReport: async () => false,
      sendReport: async () => {},
      hasRelay: () => false,
      relayPointer: async () => null,
      storePointer: async () => JSON.parse(await this.#askStore(centre)),
      kvSnapshot: () => time.wait(KV_MS).then(() => snapshotText),
      storeSnapshot: () => Promise.resolve(snapshotText),
      storeBlock: async () => null,
      breakGlass: () => looked(() => ({ environments: {}, whole: true })),
      lastSnapshot: () => looked(() => (this.cachesWork && centre.last ? JSON.parse(centre.last) : null)),
      keepLastSnapshot: (_project, _environment, body) =>
        looked(() => {
          centre.last = body;
        }),
      lastBlock: async () => null,
      keepLastBlock: async () => {},
      projectNames: async () => [],
      report: () => {},
    };
  }
}

function distribution(values: number[]): Distribution {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { median: at(0.5), p99: at(0.99), worst: sorted[sorted.length - 1] ?? 0 };
}
