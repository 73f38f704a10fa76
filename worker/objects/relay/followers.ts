import type { Region } from "../../../shared/placement/regions.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import { versionOf } from "./version.ts";

/** Sockets of one relay. The runtime takes 32,768; a notice to so many still takes less than a second. */
const SOCKETS_PER_RELAY = 5_000;
/** Sockets of one key at one relay, so that no key takes all the room. */
const SOCKETS_PER_KEY = 1_000;

/** A socket's key is not in force any more (an application's code of RFC 6455). */
const KEY_ENDED = 4001;
/** The environment is gone. */
const ENVIRONMENT_GONE = 4004;
/** Nothing is read from followers but pings, which the runtime answers itself. */
const UNSUPPORTED = 1003;

/** Who follows what. Lies with the socket, so that it outlives hibernation. */
export interface Following {
  readonly project: string;
  readonly region: Region;
  readonly environment: string;
  readonly key: string;
}
/** With the version that the socket was last told of; null: none yet. */
type Attachment = Following & { readonly told: number | null };

const tagOf = (environment: string, key: string): string => `${environment}/${key}`;

/** The sockets of in-process clients at one relay. Everything known of them lies with the sockets themselves. */
export class Followers {
  readonly #state: DurableObjectState;
  readonly #most: { readonly ofRelay: number; readonly ofKey: number };

  constructor(state: DurableObjectState, most = { ofRelay: SOCKETS_PER_RELAY, ofKey: SOCKETS_PER_KEY }) {
    this.#state = state;
    this.#most = most;
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  get any(): boolean {
    return this.#open().length > 0;
  }

  /** Whose sockets these are; null: there are none. */
  get place(): Pick<Following, "project" | "region"> | null {
    const [first] = this.#all();
    return first ? first.attachment : null;
  }

  /** The client's end of a new socket; null: there is no room. */
  accept(following: Following): WebSocket | null {
    const tag = tagOf(following.environment, following.key);
    if (this.#open().length >= this.#most.ofRelay || this.#open(tag).length >= this.#most.ofKey) return null;
    const { 0: client, 1: server } = new WebSocketPair();
    this.#state.acceptWebSocket(server, [tag]);
    server.serializeAttachment({ ...following, told: null } satisfies Attachment);
    return client;
  }

  /** Sends every socket the version of its environment, unless it was told of that one last. */
  tell(pointer: Pointer): void {
    for (const { socket, attachment } of this.#all()) {
      const version = versionOf(pointer, attachment.environment);
      if (version === null) {
        close(socket, ENVIRONMENT_GONE, "this environment is gone");
        continue;
      }
      if (version === attachment.told) continue;
      send(socket, JSON.stringify({ version }));
      socket.serializeAttachment({ ...attachment, told: version } satisfies Attachment);
    }
  }

  /** The keys of all sockets, by environment. */
  keys(): Map<string, Set<string>> {
    const keys = new Map<string, Set<string>>();
    for (const { attachment } of this.#all()) {
      const { environment, key } = attachment;
      keys.set(environment, (keys.get(environment) ?? new Set()).add(key));
    }
    return keys;
  }

  /** Closes the sockets of a key that has ended. */
  end(environment: string, key: string): void {
    for (const socket of this.#open(tagOf(environment, key)))
      close(socket, KEY_ENDED, "this key is not in force any more");
  }

  /** The project is gone. */
  endAll(): void {
    for (const { socket } of this.#all()) close(socket, ENVIRONMENT_GONE, "this environment is gone");
  }

  refuseMessage(socket: WebSocket): void {
    close(socket, UNSUPPORTED, "this socket takes no messages but ping");
  }

  #all(): { socket: WebSocket; attachment: Attachment }[] {
    return this.#open().map((socket) => ({ socket, attachment: socket.deserializeAttachment() as Attachment }));
  }

  /** The runtime also lists sockets that were closed here and wait for the other end. */
  #open(tag?: string): WebSocket[] {
    return this.#state.getWebSockets(tag).filter(({ readyState }) => readyState === WebSocket.READY_STATE_OPEN);
  }
}

/** A socket whose other end has gone may throw; the runtime lets go of it by itself. */
function send(socket: WebSocket, text: string): void {
  try {
    socket.send(text);
  } catch {
    close(socket, 1011, "the message could not be sent");
  }
}

function close(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // It is closed already.
  }
}
