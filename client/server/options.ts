import type { Logger } from "@openfeature/server-sdk";

/** How a provider is set up. */
export interface BlastdoorProviderOptions {
  /** Where Blastdoor runs, such as `https://flags.shop.example`. */
  baseUrl: string;
  /** A server key that may read rules: it was created with `"rules": true`. */
  key: string;
  /**
   * Rules to begin with while Blastdoor has not answered: what `GET /server/v1/rules?reader=1` answers, as text or
   * parsed, bundled with the app.
   */
  initialRules?: string | object;
  /** A file that keeps the last rules, for a start without a network. It holds what segments list: keep it private. */
  cacheFile?: string;
  /** `initialize` waits at most this long (ms) for the first answer; 5,000 unless set. */
  startMs?: number;
  /** Without a push connection, changes are looked for at least this often (ms); 1,000 unless set. What an edge knows is up to a second old, so a kill is then heard within two. */
  pollMs?: number;
  /** Beside a push connection, changes are looked for at least this often (ms); 30,000 unless set. */
  safetyPollMs?: number;
  /** Without an answer for so long (ms) the provider says STALE; 30,000 unless set. */
  staleMs?: number;
  /** `false`: changes are polled for, not pushed. */
  push?: boolean;
  /**
   * `"background"`: timers keep the rules fresh. `"lazy"`: an evaluation does, before it answers, when the rules are
   * older than `pollMs`; for runtimes in which nothing lives between requests. By default lazy on Cloudflare Workers.
   */
  refresh?: "background" | "lazy";
  /** `false`: exposures are not reported by the provider, such as where `@blastdoor/telemetry` is set up by itself. */
  exposures?: boolean;
  /** Attributes that identify the unit of an exposure, beside `targetingKey`. */
  exposureAttributes?: readonly string[];
  /** Bytes of long lists that are held at most; 64 MiB unless set. Rules that need a list beyond do not match. */
  listBytes?: number;
  /** Hears what goes wrong; `console` unless set. */
  logger?: Pick<Logger, "warn">;
  fetch?: typeof globalThis.fetch;
  /** For a runtime without a global one, such as Node 20, where `ws` is used if it is installed. */
  WebSocket?: WebSocketConstructor;
}

/** What the provider uses of a WebSocket. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  close(): void;
}

/** Takes headers, as the constructors of Node, Deno, Bun and the package `ws` do. */
export type WebSocketConstructor = new (url: string, options: { headers: Record<string, string> }) => WebSocketLike;
