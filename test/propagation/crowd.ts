import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { PATIENCE_MS } from "../promises.ts";
import type { Isolate } from "./fleet.ts";

/** One open event stream, as a browser holds it. */
export interface Stream {
  /** Of the answer; 0 while there is none. */
  status: number;
  /** Everything received, head included. */
  text: string;
  /** ETags told, and when (performance.now). */
  told: { etag: string; at: number }[];
  /** Ended by the other side. */
  ended: boolean;
  /** Breaks the connection as a crashed browser does. */
  drop(): void;
}

/** Where a client with this context is to listen, as the bulk answer names it, and what it has now. */
export async function subscribe(isolate: Isolate, clientKey: string, context: object) {
  const answer = await fetch(new URL("/ofrep/v1/evaluate/flags", isolate.url), {
    method: "POST",
    headers: { Authorization: `Bearer ${clientKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({ context }),
  });
  const body = (await answer.json()) as {
    flags: { key: string; value: unknown }[];
    eventStreams?: { endpoint: { requestUri: string } }[];
  };
  return { uri: body.eventStreams?.[0]?.endpoint.requestUri, flags: body.flags, etag: answer.headers.get("etag") };
}

export function listen(isolate: Isolate, uri: string, headers: Record<string, string> = {}): Stream {
  const socket: Socket = connect(Number(isolate.url.port), isolate.url.hostname);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    `GET ${uri} HTTP/1.1\r\nHost: edge\r\nAccept: text/event-stream\r\nConnection: close\r\n${lines.join("")}\r\n`,
  );
  const stream: Stream = { status: 0, text: "", told: [], ended: false, drop: () => socket.resetAndDestroy() };
  let read = 0;
  socket.on("data", (chunk) => {
    stream.text += chunk.toString("latin1");
    if (stream.status === 0) stream.status = Number(/^HTTP\/1\.1 (\d+)/.exec(stream.text)?.[1] ?? 0);
    for (const match of stream.text.slice(read).matchAll(/"refetchEvaluation","etag":"([^"]*)"/g))
      stream.told.push({ etag: match[1] as string, at: performance.now() });
    read = Math.max(0, stream.text.lastIndexOf("\n") + 1);
    // The last chunk of a chunked answer; the connection may stay open for another request.
    if (stream.text.endsWith("\r\n0\r\n\r\n")) stream.ended = true;
  });
  socket.on("error", () => {});
  socket.on("close", () => (stream.ended = true));
  return stream;
}

/** Opens many streams, some at a time and of these addresses in turn, and waits until each has its first line. */
export async function crowd(
  isolate: Isolate,
  uri: string | readonly string[],
  many: number,
  atOnce = 100,
): Promise<Stream[]> {
  const uris = typeof uri === "string" ? [uri] : uri;
  const streams: Stream[] = [];
  while (streams.length < many) {
    const batch = Array.from({ length: Math.min(atOnce, many - streams.length) }, (_, nth) =>
      listen(isolate, uris[(streams.length + nth) % uris.length] as string),
    );
    await eventually(() => batch.every(({ text }) => text.includes(": open")));
    streams.push(...batch);
  }
  return streams;
}

/** Waits until it holds; throws after so long (ms). */
export async function eventually(holds: () => boolean | Promise<boolean>, limitMs = PATIENCE_MS): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${holds}`);
    await sleep(20);
  }
}
