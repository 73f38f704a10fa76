import { publishedText, splitPublished } from "../../shared/blocks/block-patch.ts";
import type { Manifest } from "../../shared/schema/manifest.ts";
import { storedSlug } from "../../shared/schema/names.ts";
import type { BreakGlass, Pointer } from "../../shared/schema/pointer.ts";
import type { ServedReport } from "../../shared/schema/propagation.ts";
import { type Kill, type Snapshot, snapshot as snapshotSchema } from "../../shared/schema/snapshot.ts";
import { sha256 } from "../crypto/sha256.ts";
import { Edge } from "../evaluation/edge/edge.ts";
import type { EdgeSources } from "../evaluation/edge/edge-sources.ts";
import type { CurrentOptions, Known } from "../evaluation/edge/loaded.ts";
import { ProjectMemory } from "../evaluation/edge/project-memory.ts";
import { blockKey, snapshotKey } from "../kv/snapshot-store.ts";
import { type InBlocks, inBlocks } from "./fake-blocks.ts";

type Fault = "error" | "hang" | "null" | "corrupt" | null;
type Flags = Record<string, { variant: string; onStale?: object; killVariant?: string }>;

export const PROJECT = storedSlug("shop");
const START = Date.parse("2026-11-22T12:00:00Z");

export const aKill = (id: string, flag = "checkout", serve: string | null = "off"): Kill => ({
  id,
  flag,
  serve,
  revision: 1,
});

/**
 * Store, KV, caches and clock of one data centre. Time moves only with `tick`, which also wakes waiting requests; each
 * source can hang, fail, or answer with nothing or with broken bytes.
 */
export class FakeSources {
  time = START;
  pace = 1;
  /** What the isolate's clock shows beside the true time (ms). */
  skew = 0;
  epoch = 1;
  revision = 0;
  exists = true;
  readonly faults: Record<
    | "store"
    | "relay"
    | "reports"
    | "kv"
    | "storeSnapshot"
    | "storeBlock"
    | "cache"
    | "breakGlass"
    | "last"
    | "lastBlock"
    | "names",
    Fault
  > = {
    store: null,
    // No relay in this region, unless a test wants one.
    relay: "null",
    reports: null,
    kv: null,
    storeSnapshot: null,
    storeBlock: null,
    cache: "null",
    breakGlass: null,
    last: "null",
    lastBlock: null,
    names: null,
  };
  /** How long ago (ms) the relay heard of the store, and what it says of that; null: the truth. */
  relayAgeMs = 300;
  relaySaysMs: number | null = null;
  /** What the relay holds, of whatever age; null: what the store says. */
  relayHolds: Pointer | null = null;
  readonly calls: Record<string, number> = {};
  readonly reports: string[] = [];
  /** What has been reported. */
  readonly told: ServedReport[] = [];
  readonly claimedReports = new Set<string>();
  breakGlass: BreakGlass = { environments: {} };
  breakGlassWhole = true;
  last: Snapshot | Manifest | null = null;
  /** Blocks in the data centre's cache, by hash. */
  readonly lastBlocks = new Map<string, string>();
  /** How long (ms) a read of KV takes, and how many there were at once at most. */
  kvMs = 0;
  kvAtOnce = 0;
  #kvReads = 0;
  /** Characters that KV has handed out. */
  shipped = 0;
  /** Projects beside the one that everything else is about; they have no environments. */
  readonly others = new Set<string>();
  /** Names that the store was asked for, in order. */
  readonly lookedUp: string[] = [];
  /** What the directory lists. */
  names: string[] = [PROJECT];
  readonly background: Promise<unknown>[] = [];
  readonly #environments: Pointer["environments"] = {};
  /** What lies in KV, by key. */
  readonly bodies = new Map<string, string>();
  readonly #blocks = new Map<string, string>();
  /** What the store published last in blocks, by environment. */
  readonly published = new Map<string, InBlocks>();
  readonly #byHash = new Map<string, string>();
  #cached: Pointer | null = null;
  /** Since when another isolate of this data centre claims to be asking the store. */
  claimedAt: number | null = null;
  #waiting: { at: number; wake: () => void }[] = [];

  /** Of the project's environments, carried by the pointer. */
  setFreshness(freshness: "bounded" | "stale-while-revalidate", environment = "production"): void {
    this.revision++;
    const named = this.#environments[environment];
    if (named) this.#environments[environment] = { ...named, freshness };
  }

  /** Commits and publishes: every flag serves its variant to everybody. */
  publish(
    flags: Flags,
    { environment = "production", kills = [] as Kill[], over = {} as Partial<Snapshot> } = {},
  ): void {
    this.revision++;
    const snapshot = snapshotSchema.parse({
      minReader: 1,
      project: PROJECT,
      environment,
      epoch: this.epoch,
      revision: this.revision,
      flags: Object.fromEntries(
        Object.entries(flags).map(([key, { variant, ...state }]) => [
          key,
          {
            variants: { on: "on", off: "off", blue: "blue" },
            offVariant: "off",
            visibility: "public",
            seed: key,
            state: { enabled: true, fallthrough: { variant }, ...state },
          },
        ]),
      ),
      segments: {},
      layers: {},
      holdouts: {},
      keys: [],
      kills,
      ...over,
    });
    const body = JSON.stringify(snapshot);
    this.place(body, environment, kills);
  }

  /** The same in blocks, with the patch from what was published so before. */
  publishBlocks(
    documents: Partial<Snapshot>,
    { environment = "production", kills = [] as Kill[], patch = true } = {},
  ): InBlocks {
    this.revision++;
    const { epoch, revision } = this;
    const nothing = { flags: {}, segments: {}, layers: {}, holdouts: {}, keys: [], kills };
    const identity = { minReader: 1, project: PROJECT, environment, epoch, revision };
    const next = inBlocks({ ...nothing, ...identity, ...documents }, this.published.get(environment) ?? null);
    this.published.set(environment, next);
    for (const [hash, text] of next.texts) {
      this.bodies.set(blockKey(PROJECT, storedSlug(environment), hash), text);
      this.#blocks.set(hash, text);
    }
    this.place(publishedText(next.head, patch ? next.patch : null), environment, kills);
    return next;
  }

  /** Lets the pointer name these bytes, whatever they are. */
  place(body: string, environment = "production", kills: Kill[] = []): void {
    const hash = sha256(splitPublished(body).head);
    this.bodies.set(snapshotKey(PROJECT, storedSlug(environment), this.revision, hash), body);
    this.#byHash.set(hash, body);
    this.#environments[environment] = { revision: this.revision, hash, kills, tombstones: [] };
  }

  /** A kill or a restore: in the pointer at once, the snapshot as before. */
  setKills(kills: Kill[], environment = "production"): void {
    this.revision++;
    const named = this.#environments[environment];
    if (named) this.#environments[environment] = { ...named, kills };
  }

  setTombstones(tombstones: string[], environment = "production"): void {
    this.revision++;
    const named = this.#environments[environment];
    if (named) this.#environments[environment] = { ...named, tombstones };
  }

  pointer(): Pointer {
    const { epoch, revision } = this;
    return structuredClone({
      project: PROJECT,
      epoch,
      revision,
      environments: this.#environments,
      asOf: this.time,
    });
  }

  count = (source: string): number => this.calls[source] ?? 0;

  /** Time passes. What waited that long goes on, and everything that can run has run. */
  async tick(ms: number): Promise<void> {
    const until = this.time + ms;
    await this.settle();
    for (;;) {
      const next = this.#waiting.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.time = Math.max(this.time, next.at);
      this.#waiting = this.#waiting.filter((one) => one !== next);
      next.wake();
      await this.settle();
    }
    this.time = until;
  }

  /** Microtasks only: no timer of the fake fires. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  }

  /** Sets the isolate's clock on or back; timers are not fooled. */
  readonly sources: EdgeSources = {
    now: () => this.time + this.skew,
    // As early as may be.
    random: () => 0,
    colo: () => "FRA",
    wait: (ms) => new Promise((wake) => this.#waiting.push({ at: this.time + ms, wake })),
    cachedPointer: () => this.#answer("cache", () => this.#cached),
    keepPointer: async (pointer) => {
      this.#cached = structuredClone(pointer);
    },
    claimedAt: () => this.#answer("cache", () => this.claimedAt),
    claim: async () => {
      if (this.faults.cache === null) this.claimedAt = this.time + this.skew;
    },
    pace: this.pace,
    tryCache: async () => this.faults.cache === null,
    hasRelay: () => this.faults.relay !== "null",
    relayPointer: () =>
      this.#answer("relay", () => ({
        pointer: { ...(this.relayHolds ?? this.pointer()), asOf: this.time - this.relayAgeMs },
        ageMs: this.relaySaysMs ?? this.relayAgeMs,
      })),
    claimReport: async (_project, environment, version) => {
      if (this.faults.cache !== null) return true;
      const claim = `${environment} ${version}`;
      return !this.claimedReports.has(claim) && this.claimedReports.add(claim) !== undefined;
    },
    sendReport: async (_project, report) => {
      await this.#answer("reports", () => this.told.push(report));
    },
    storePointer: async (project) => {
      this.lookedUp.push(project);
      const pointer = await this.#answer("store", () => {
        if (this.others.has(project)) return { ...this.pointer(), project, environments: {} };
        return this.exists && project === PROJECT ? this.pointer() : null;
      });
      return pointer;
    },
    kvSnapshot: async (key) => {
      this.kvAtOnce = Math.max(this.kvAtOnce, ++this.#kvReads);
      try {
        if (this.kvMs > 0) await this.sources.wait(this.kvMs);
        const text = await this.#answer("kv", () => this.bodies.get(key) ?? null);
        this.shipped += text?.length ?? 0;
        return text;
      } finally {
        this.#kvReads--;
      }
    },
    storeSnapshot: (_project, _environment, hash) =>
      this.#answer("storeSnapshot", () => this.#byHash.get(hash) ?? null),
    storeBlock: (_project, _environment, hash) => this.#answer("storeBlock", () => this.#blocks.get(hash) ?? null),
    breakGlass: async () => ({
      ...((await this.#answer("breakGlass", () => structuredClone(this.breakGlass))) ?? this.breakGlass),
      whole: this.breakGlassWhole,
    }),
    lastSnapshot: () => this.#answer("last", () => this.last),
    keepLastSnapshot: async (_project, _environment, body) => {
      this.last = JSON.parse(body) as Snapshot | Manifest;
    },
    lastBlock: (_project, _environment, hash) => this.#answer("lastBlock", () => this.lastBlocks.get(hash) ?? null),
    keepLastBlock: async (_project, _environment, hash, text) => {
      this.calls.keepLastBlock = this.count("keepLastBlock") + 1;
      this.lastBlocks.set(hash, text);
    },
    projectNames: async () => (await this.#answer("names", () => this.names)) ?? [],
    report: ({ event }) => void this.reports.push(event),
  };

  async #answer<T>(source: keyof FakeSources["faults"], real: () => T): Promise<T | null> {
    this.calls[source] = this.count(source) + 1;
    const fault = this.faults[source];
    if (fault === "error") throw new Error(`${source}: injected`);
    if (fault === "hang") return new Promise<never>(() => {});
    if (fault === "null") return null;
    const value = real();
    return fault === "corrupt" && typeof value === "string" ? (value.replace('"on"', '"of"') as T) : value;
  }
}

/** One isolate at these sources, asked as requests ask. */
export class FakeIsolate {
  readonly edge: Edge;
  readonly sources: FakeSources;

  /** @param maxBytes of snapshots in its memory */
  constructor(sources: FakeSources, maxBytes?: number) {
    this.sources = sources;
    this.edge = new Edge(sources.sources, new ProjectMemory(maxBytes));
  }

  /** A request: what it got, and how long it was held (ms). */
  ask(environment = "production", options: CurrentOptions = {}) {
    const began = this.sources.time;
    const request: { got?: Known; heldMs?: number } = {};
    const known = this.edge.current(
      PROJECT,
      storedSlug(environment),
      (work) => this.sources.background.push(work),
      options,
    );
    void Promise.resolve(known).then((got) => {
      request.got = got;
      request.heldMs = this.sources.time - began;
    });
    return request;
  }

  /** A request that names another project. */
  askFor(project: string, options: CurrentOptions = {}) {
    const request: { got?: Known } = {};
    const waitUntil = (work: Promise<unknown>) => this.sources.background.push(work);
    const known = this.edge.current(storedSlug(project), storedSlug("production"), waitUntil, options);
    void Promise.resolve(known).then((got) => {
      request.got = got;
    });
    return request;
  }

  /** A request that is given up to `ms` of virtual time. */
  async asked(ms = 3_000, environment = "production", options: CurrentOptions = {}) {
    const request = this.ask(environment, options);
    for (let step = 0; step < ms && request.got === undefined; step += 5) await this.sources.tick(step === 0 ? 0 : 5);
    await this.sources.settle();
    return request;
  }
}
