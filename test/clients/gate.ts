import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createGzip } from "node:zlib";

/** What is done to a request on its way, instead of or before passing it on. */
export type Fate =
  | { status: number; headers?: Record<string, string> }
  /** Passed on, and its answer kept back for so long (ms). */
  | { lateMs: number }
  /** The connection breaks. */
  | "lost";

/** Stands between clients and the server, and lets through what a test allows. */
export interface Gate extends AsyncDisposable {
  url: string;
  /** Paths, without their queries, in the order in which they came. */
  asked: string[];
  /** What it does to answers, as proxies do unless a header forbids it. Reset by `clear`. */
  proxy: "plain" | "compressing" | "buffering";
  /** Decides each request's fate; null: passed on. Reset by `clear`. */
  fate: (path: string, body: string) => Fate | null;
  /** Event streams that are open. */
  streams(): number;
  /** Breaks every one of them. */
  cut(): void;
  /** Lets everything through and forgets what was asked. */
  clear(): void;
}

const readText = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

export async function openGate(target: string): Promise<Gate> {
  const streams = new Set<ServerResponse>();
  const pass = (request: IncomingMessage, body: string, response: ServerResponse, lateMs: number) => {
    const { method, headers, url = "/" } = request;
    // Not resolved: `//ofrep/…`, of a base URL that ends with a slash, would name a host.
    const encoding = gate.proxy === "compressing" ? { "accept-encoding": "identity" } : {};
    const onward = forward(new URL(target).origin + url, {
      method,
      headers: { ...headers, ...encoding, host: new URL(target).host },
    });
    onward.on("response", async (answer) => {
      await sleep(lateMs);
      if (response.destroyed) return;
      if (answer.headers["content-type"]?.includes("event-stream")) streams.add(response);
      // As `proxy_buffering` of nginx: the whole answer first.
      const isHeld = gate.proxy === "buffering" && answer.headers["x-accel-buffering"] !== "no";
      const whole = isHeld ? Buffer.concat(await answer.toArray()) : null;
      const mayTransform = !/no-transform/.test(answer.headers["cache-control"] ?? "");
      const isZipped = gate.proxy === "compressing" && mayTransform && answer.statusCode === 200;
      const { "content-length": _, ...headers } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, isZipped ? { ...headers, "content-encoding": "gzip" } : headers);
      response.flushHeaders();
      const body = whole === null ? answer : Readable.from([whole]);
      // Compressed bytes come when there are enough of them.
      (isZipped ? body.pipe(createGzip()) : body).pipe(response);
      answer.on("error", () => response.destroy());
    });
    onward.on("error", () => response.destroy());
    response.on("close", () => {
      streams.delete(response);
      onward.destroy();
    });
    onward.end(body);
  };
  const server = createServer(async (request, response) => {
    const body = await readText(request).catch(() => "");
    const [path = "/"] = (request.url ?? "/").split("?");
    if (request.method !== "OPTIONS") gate.asked.push(path);
    const fate = request.method === "OPTIONS" ? null : gate.fate(path, body);
    if (fate === "lost") return response.destroy();
    if (fate && "status" in fate)
      return response.writeHead(fate.status, { "Access-Control-Allow-Origin": "*", ...fate.headers }).end("{}");
    pass(request, body, response, fate?.lateMs ?? 0);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    proxy: "plain",
    fate: () => null,
    streams: () => streams.size,
    cut() {
      for (const stream of streams) stream.destroy();
    },
    clear() {
      gate.asked.length = 0;
      gate.fate = () => null;
      gate.proxy = "plain";
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
  return gate;
}

/** The bulk evaluation's path. */
export const BULK = "/ofrep/v1/evaluate/flags";
