import type { RulesAnswer } from "../../shared/rules/answer.ts";
import { type Connection, type ConnectionEvents, Follower, type Polled } from "./follower.ts";
import type { InForce } from "./in-force.ts";
import { type KeptRules, keptOf, keptShard, readRules, writeRules } from "./kept-rules.ts";
import type { BlastdoorProviderOptions, WebSocketConstructor } from "./options.ts";
import { findWebSocket, openChanges } from "./push.ts";
import { type Adopted, RulesKeeper } from "./rules-keeper.ts";
import { type Pulled, RulesSource } from "./rules-source.ts";

export interface LiveDeps {
  readonly options: BlastdoorProviderOptions;
  readonly baseUrl: string;
  readonly warn: (message: string) => void;
  /** Null: any flag may have changed. */
  readonly changed: (flags: string[] | null) => void;
  /** The edge answers again. */
  readonly fresh: () => void;
  /** It has not for a while. */
  readonly stale: (message: string) => void;
  /** It refuses, and will until somebody changes something. */
  readonly refused: (message: string) => void;
}

/** Why there are no rules to begin with. */
export interface StartFailure {
  readonly why: string;
  readonly forGood: boolean;
}

const DEFAULTS = { startMs: 5_000, pollMs: 1_000, safetyPollMs: 30_000, staleMs: 30_000, listBytes: 64 * 1024 * 1024 };
/** Which flags were evaluated is told so often (ms). */
const USAGE_MS = 60_000;
/** So many are named at once; the others go with the next. */
const USAGE_FLAGS = 1_000;
/** A request that refreshes lazily has this long (ms) before another one does. */
const LAZY_LEASE_MS = 2_000;

type State = "starting" | "fresh" | "stale" | "refused";

/** The rules of one provider, and all that keeps them alive. */
export class Live {
  readonly #deps: LiveDeps;
  readonly #settings: typeof DEFAULTS;
  readonly #source: RulesSource;
  readonly #keeper: RulesKeeper;
  readonly #isLazy: boolean;
  #follower: Follower | null = null;
  #kept: KeptRules | null = null;
  #state: State = "starting";
  #failure: StartFailure = { why: "the rules have not arrived in time", forGood: false };
  /** When the edge last answered (epoch ms). */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #lazyUntil = Number.NEGATIVE_INFINITY;
  #stops: (() => void)[] = [];
  #untold: string[] = [];
  #closed = false;

  constructor(deps: LiveDeps) {
    const { options, baseUrl, warn } = deps;
    this.#deps = deps;
    this.#settings = { ...DEFAULTS, ...defined(options) };
    this.#isLazy = (options.refresh ?? (isWorkers() ? "lazy" : "background")) === "lazy";
    this.#source = new RulesSource(baseUrl, options.key, options.fetch ?? ((...asked) => globalThis.fetch(...asked)));
    this.#keeper = new RulesKeeper({
      place: placeOf(options.key),
      fetchShard: async (name) => (this.#kept ? keptShard(this.#kept, name) : null) ?? this.#source.shard(name),
      ...{ listBytes: this.#settings.listBytes, warn },
      // Lazily, requests share what is being made: each makes it in one go.
      pause: this.#isLazy ? null : () => new Promise((resolve) => setTimeout(resolve, 0)),
    });
  }

  get rules(): InForce | null {
    return this.#keeper.current;
  }

  /** Resolves when there are rules, with null; or with why there are none. It goes on trying. */
  async start(): Promise<StartFailure | null> {
    this.#answeredAt = Date.now();
    if (this.#isLazy) await this.#poll(0);
    else await this.#startInBackground();
    if (this.rules === null && this.#deps.options.cacheFile !== undefined) await this.#tryKept(readFileOf(this.#deps));
    if (this.rules === null && this.#deps.options.initialRules !== undefined)
      await this.#tryKept(async () => parsed(this.#deps.options.initialRules as string | object));
    if (this.rules !== null) return null;
    // The next answer has to say READY.
    this.#state = "stale";
    return this.#failure;
  }

  /** In lazy mode, and when the rules are old: refreshes them. Null: there is nothing to wait for. */
  freshen(): Promise<unknown> | null {
    if (!this.#isLazy) return null;
    const now = Date.now();
    const isOld = now - this.#answeredAt >= this.#settings.pollMs || this.rules === null;
    // A request that died leaves its lease to the next; nobody waits for another request's work.
    if (!isOld || (now < this.#lazyUntil && this.rules !== null)) return null;
    this.#lazyUntil = now + LAZY_LEASE_MS;
    return this.#poll(0);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stops) stop();
    this.#follower?.close();
    await this.#tellUsage();
    this.#source.close();
  }

  async #startInBackground(): Promise<void> {
    const { options, baseUrl } = this.#deps;
    const WebSocket = options.push === false ? null : (options.WebSocket ?? (await findWebSocket()));
    const { pollMs, safetyPollMs, startMs } = this.#settings;
    this.#follower = new Follower(
      {
        now: () => performance.now(),
        random: Math.random,
        timer,
        poll: (told) => this.#poll(told),
        connect: (on) => this.#connect(WebSocket, baseUrl, on),
      },
      { pollMs, safetyPollMs },
    );
    this.#stops.push(every(USAGE_MS, () => void this.#tellUsage()));
    this.#stops.push(every(1_000, () => this.#lookAtAge()));
    await inTime(startMs, this.#follower.start());
  }

  #connect(WebSocket: WebSocketConstructor | null, baseUrl: string, on: ConnectionEvents): Connection | null {
    return WebSocket === null ? null : openChanges(WebSocket, baseUrl, this.#deps.options.key, on);
  }

  async #poll(told: number): Promise<Polled> {
    const before = this.rules;
    let pulled = await this.#source.pull(before?.head.version ?? null, told);
    try {
      let adopted = await this.#take(pulled);
      if (adopted?.is === "incomplete") {
        pulled = await this.#source.pull(null, told);
        adopted = await this.#take(pulled);
      }
      if (this.#closed) return { ok: true, changed: false, change: 0, afterMs: 0 };
      if (pulled.is === "failed") return this.#failed(pulled);
      // What was noted of the former version goes with it.
      if (before !== null && before !== this.rules) this.#untold.push(...before.takeUsed());
      return this.#answered(adopted, before === null);
    } catch (error) {
      return this.#failed({ is: "failed", why: String(error), forGood: false, afterMs: 0 });
    }
  }

  async #take(pulled: Pulled): Promise<Adopted | null> {
    if (this.#closed) return null;
    if (pulled.is === "same") this.#keeper.confirm(pulled.at, Date.now());
    return pulled.is === "answer" ? this.#keeper.adopt(pulled.answer, pulled.at, Date.now) : null;
  }

  #answered(adopted: Adopted | null, isFirst: boolean): Polled {
    this.#answeredAt = Date.now();
    if (this.#state !== "fresh") {
      // The SDK itself says READY when `initialize` resolves.
      if (this.#state !== "starting") this.#deps.fresh();
      this.#state = "fresh";
    }
    const change = this.rules?.head.change ?? 0;
    if (adopted?.is !== "changed") return { ok: true, changed: false, change, afterMs: 0 };
    if (!isFirst) this.#deps.changed(adopted.flags);
    void this.#keep();
    return { ok: true, changed: true, change, afterMs: 0 };
  }

  #failed({ why, forGood, afterMs }: Extract<Pulled, { is: "failed" }>): Polled {
    this.#failure = { why: `the rules could not be read: ${why}`, forGood };
    if (forGood && this.#state !== "refused" && this.#state !== "starting") {
      this.#state = "refused";
      this.#deps.refused(this.#failure.why);
    }
    return { ok: false, changed: false, change: 0, afterMs };
  }

  #lookAtAge(): void {
    const { staleMs } = this.#settings;
    if (this.#state !== "fresh" && this.#state !== "starting") return;
    if (this.rules === null || Date.now() - this.#answeredAt < staleMs) return;
    this.#state = "stale";
    this.#deps.stale(`Blastdoor has not answered for ${Math.round(staleMs / 1_000)} s; the last rules stay in force`);
  }

  /** Rules from outside, for a start without an answer. */
  async #tryKept(read: () => Promise<KeptRules | null>): Promise<void> {
    try {
      const kept = await read();
      if (kept === null || this.rules !== null) return;
      this.#kept = kept;
      await this.#keeper.adopt(kept as RulesAnswer, kept.at ?? Number.NEGATIVE_INFINITY, Date.now);
      this.#deps.warn(`Blastdoor does not answer (${this.#failure.why}): the process begins with kept rules`);
    } catch (error) {
      this.#deps.warn(`kept rules could not be used: ${error}`);
    } finally {
      this.#kept = null;
    }
  }

  async #keep(): Promise<void> {
    const { cacheFile } = this.#deps.options;
    if (cacheFile === undefined || this.rules === null) return;
    try {
      await writeRules(cacheFile, keptOf(this.rules, this.#answeredAt));
    } catch (error) {
      this.#deps.warn(`the rules could not be written to ${cacheFile}: ${error}`);
    }
  }

  async #tellUsage(): Promise<void> {
    const flags = [...new Set([...this.#untold, ...(this.rules?.takeUsed() ?? [])])];
    this.#untold = flags.slice(USAGE_FLAGS);
    const told = flags.slice(0, USAGE_FLAGS);
    if (told.length > 0 && !(await this.#source.tellUsage(told))) this.#untold.push(...told);
  }
}

const readFileOf =
  ({ options: { cacheFile } }: LiveDeps) =>
  () =>
    readRules(cacheFile as string);

const parsed = (rules: string | object): KeptRules =>
  (typeof rules === "string" ? JSON.parse(rules) : rules) as KeptRules;

/** `bds_{project}_{environment}_…` names its place. */
function placeOf(key: string): string | null {
  const [, project, environment] = /^bds_([^_]+)_([^_]+)_/.exec(key) ?? [];
  return project === undefined ? null : `${project}/${environment}`;
}

/** Without options that are there but undefined, which would hide the defaults. */
const defined = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

const isWorkers = (): boolean =>
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent === "Cloudflare-Workers";

/** No timer here keeps a process alive that has nothing else to do. */
function timer(ms: number, then: () => void): () => void {
  const id = setTimeout(then, ms);
  (id as { unref?: () => void }).unref?.();
  return () => clearTimeout(id);
}

function every(ms: number, then: () => void): () => void {
  const id = setInterval(then, ms);
  (id as { unref?: () => void }).unref?.();
  return () => clearInterval(id);
}

async function inTime(ms: number, work: Promise<unknown>): Promise<void> {
  let stop = () => {};
  const late = new Promise<void>((resolve) => {
    // This one does keep the process alive: somebody waits for it.
    const id = setTimeout(resolve, ms);
    stop = () => clearTimeout(id);
  });
  await Promise.race([work, late]);
  stop();
}
