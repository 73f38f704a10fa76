import { ownOf } from "../../../shared/own.ts";
import type { Region } from "../../../shared/placement/regions.ts";
import { parseSlug, type Slug } from "../../../shared/schema/names.ts";
import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { within } from "../../within.ts";
import { RateGate, RELAY_READS_AT_ONCE, RELAY_READS_PER_S } from "../kernel/admission.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { flagStore } from "../stubs.ts";
import { FOLLOW_PATH, followingOf } from "./follow-request.ts";
import { Followers } from "./followers.ts";
import type { RelayedPointer, RelayMethods, Signal, SignalReceipt } from "./methods.ts";
import { RelayMemory } from "./relay-memory.ts";

/** Calls of the store that take longer count as failed (ms). */
const STORE_TIMEOUT_MS = 5_000;
/** While sockets are open the store is asked this often (ms), should its signals be lost. */
const WATCH_MS = 30_000;

/** What the store is asked of; tests put faults behind it. */
export type RelayStore = Pick<ReturnType<typeof flagStore>, "pointer" | "keysInForce">;

/**
 * Holds a project's pointer in one region of the world, for edges that are far from the store, and the sockets of
 * clients that want to hear of changes. It stores nothing: what it holds lies in memory, what hangs on it with the
 * sockets. It is a shortcut alone: an edge that gets nothing here asks the store.
 */
export class Relay extends DurableBase implements RelayMethods {
  protected readonly methods = new Set<keyof RelayMethods>(["pointer", "take"]);
  readonly #state: DurableObjectState;
  readonly #store: (project: Slug) => RelayStore;
  readonly #memory = new RelayMemory();
  readonly #followers: Followers;
  readonly #gate = new RateGate(RELAY_READS_PER_S, RELAY_READS_AT_ONCE);
  #asking = false;

  constructor(
    state: DurableObjectState,
    env: Env,
    store: (project: Slug) => RelayStore = (project) => flagStore(env, project),
  ) {
    super(state);
    this.#state = state;
    this.#store = store;
    this.#followers = new Followers(state);
  }

  protected override admits(method: string): boolean {
    return method !== "pointer" || this.#gate.admits(Date.now());
  }

  override async fetch(request: Request): Promise<Response> {
    return new URL(request.url).pathname === FOLLOW_PATH ? this.#follow(request) : super.fetch(request);
  }

  pointer(project: string, region: Region): RelayedPointer | null {
    const answer = this.#memory.answer(Date.now());
    if (answer === null) void this.#askStore(project, region);
    return answer;
  }

  /** A change may have ended a key of a socket, so that each is asked after. */
  take(signal: Signal): SignalReceipt {
    const before = this.#memory.mark;
    this.#memory.take(signal);
    if (this.#memory.mark !== before) void this.#spread();
    return { holds: this.#memory.mark, wanted: this.#memory.isWanted(Date.now()), follows: this.#followers.any };
  }

  async #follow(request: Request): Promise<Response> {
    const following = followingOf(request);
    if (following === null) return new Response(null, { status: 400 });
    const client = this.#followers.accept(following);
    if (client === null) return new Response(null, { status: 429 });
    await this.#watch();
    // The store has to know that somebody follows here, and the key may have ended since the edge last heard.
    void this.#askStore(following.project, following.region);
    return new Response(null, { status: 101, webSocket: client });
  }

  /** Asks the store, which from then on sends signals. One question at a time. Never rejects. */
  async #askStore(project: string, region: Region): Promise<void> {
    const name = parseSlug(project);
    if (this.#asking || name === null) return;
    this.#asking = true;
    try {
      const askedAt = Date.now();
      const ask = { region, follows: this.#followers.any };
      const pointer = await within(STORE_TIMEOUT_MS, this.#store(name).pointer(undefined, ask));
      if (pointer === null) {
        this.#memory.forget();
        this.#followers.endAll();
      } else this.#memory.learn(pointer, askedAt);
    } catch (error) {
      log({ event: "relay-without-store", project, region, error: String(error) });
    } finally {
      this.#asking = false;
    }
    await this.#spread();
  }

  /** Tells sockets of what is held, and closes those whose keys have ended. Never rejects. */
  async #spread(): Promise<void> {
    const { pointer } = this.#memory;
    const place = this.#followers.place;
    if (pointer === null || place === null) return;
    this.#followers.tell(pointer);
    await this.#endKeys(place.project).catch((error: unknown) =>
      log({ event: "relay-keys-unknown", project: place.project, error: String(error) }),
    );
  }

  async #endKeys(project: string): Promise<void> {
    const name = parseSlug(project);
    if (name === null) return;
    let nextEnd = Number.POSITIVE_INFINITY;
    for (const [environment, keys] of this.#followers.keys()) {
      const ends = await within(STORE_TIMEOUT_MS, this.#store(name).keysInForce(environment, [...keys]));
      for (const key of keys) {
        const end = ownOf(ends, key);
        if (end === undefined || (end !== null && end <= Date.now())) this.#followers.end(environment, key);
        else if (end !== null) nextEnd = Math.min(nextEnd, end);
      }
    }
    if (nextEnd < Date.now() + WATCH_MS) await this.#state.storage.setAlarm(nextEnd);
  }

  /** An alarm that is set already may be for the end of a key. */
  async #watch(): Promise<void> {
    if ((await this.#state.storage.getAlarm()) === null) await this.#state.storage.setAlarm(Date.now() + WATCH_MS);
  }

  /** While there are sockets: a key has reached its end, or it is time to see that no signal was lost. */
  async alarm(): Promise<void> {
    const place = this.#followers.place;
    if (place === null) return;
    await this.#watch();
    await this.#askStore(place.project, place.region);
  }

  webSocketMessage(socket: WebSocket): void {
    this.#followers.refuseMessage(socket);
  }

  webSocketClose(socket: WebSocket, code: number): void {
    try {
      // 1005 and 1006 stand for no code and must not be sent.
      socket.close(code === 1005 || code === 1006 ? 1000 : code);
    } catch {
      // The runtime has answered the close itself.
    }
  }
}
