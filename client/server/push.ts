import type { Connection, ConnectionEvents } from "./follower.ts";
import type { WebSocketConstructor, WebSocketLike } from "./options.ts";

/** The runtime's own WebSocket, else the package `ws` if the app has it; null: changes are polled for. */
export async function findWebSocket(): Promise<WebSocketConstructor | null> {
  const own = (globalThis as { WebSocket?: unknown }).WebSocket as WebSocketConstructor | undefined;
  if (own !== undefined) return own;
  try {
    const { WebSocket } = (await import(/* @vite-ignore */ "ws" as string)) as { WebSocket: WebSocketConstructor };
    return WebSocket ?? null;
  } catch {
    return null;
  }
}

/** Opens the connection on which an installation tells of changes. */
export function openChanges(
  WebSocket: WebSocketConstructor,
  baseUrl: string,
  key: string,
  on: ConnectionEvents,
): Connection {
  const url = `${baseUrl.replace(/^http/, "ws")}/server/v1/changes`;
  let socket: WebSocketLike | null = null;
  try {
    socket = new WebSocket(url, { headers: { Authorization: `Bearer ${key}` } });
  } catch {
    queueMicrotask(() => on.closed());
    return { close() {} };
  }
  socket.onopen = () => on.opened();
  socket.onmessage = ({ data }: { data: unknown }) => on.told(changeIn(data));
  socket.onclose = () => on.closed();
  // What follows is `close`, which says the same.
  socket.onerror = () => {};
  return { close: () => socket.close() };
}

/** `{"version": N}`; 0 for anything else: it still says that something changed. */
function changeIn(data: unknown): number {
  try {
    const { version } = JSON.parse(String(data)) as { version?: unknown };
    return Number.isSafeInteger(version) ? (version as number) : 0;
  } catch {
    return 0;
  }
}
