import { connect, type Socket } from "node:net";
import { mixedUser } from "../workloads.ts";

/*
 * A process of its own that keeps a fixed number of connections busy, one request at a time on each, every request
 * with a user of its own. Requests are ready before the clock starts; an answer is only counted, the correctness
 * pass has read some.
 */

export interface Load {
  readonly port: number;
  readonly key: string;
  readonly firstUser: number;
  readonly requests: number;
}

export interface Loaded {
  readonly seconds: number;
  /** Other statuses than 200. */
  readonly refused: number;
  readonly bytes: number;
}

const CONNECTIONS = 16;
const HEAD_END = Buffer.from("\r\n\r\n");

process.on("message", (load: Load) => {
  run(load).then(
    (loaded) => process.send?.(loaded),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run({ port, key, firstUser, requests }: Load): Promise<Loaded> {
  const waiting = Array.from({ length: requests }, (_, index) => requestOf(key, firstUser + index));
  const total = { refused: 0, bytes: 0 };
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => open(port)));
  const start = process.hrtime.bigint();
  await Promise.all(sockets.map((socket) => keepBusy(socket, waiting, total)));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  for (const socket of sockets) socket.destroy();
  return { seconds, ...total };
}

function requestOf(key: string, index: number): Buffer {
  const { id, ...rest } = mixedUser(index);
  const body = JSON.stringify({ context: { targetingKey: id, ...rest } });
  const head = [
    "POST /ofrep/v1/evaluate/flags HTTP/1.1",
    "Host: 127.0.0.1",
    "User-Agent: bench",
    `Authorization: Bearer ${key}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("connect", () => resolve(socket));
    socket.once("error", reject);
  });
}

/** Until nothing waits any more. */
function keepBusy(socket: Socket, waiting: Buffer[], total: { refused: number; bytes: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    /** Bytes of the present answer that are still to come; negative while its head is incomplete. */
    let missing = -1;
    let held: Buffer | null = null;
    const next = () => {
      const request = waiting.pop();
      if (request) socket.write(request);
      else resolve();
    };
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("the server closed a connection")));
    socket.on("data", (chunk: Buffer) => {
      if (missing >= 0) missing -= chunk.length;
      else {
        const read: Buffer = held ? Buffer.concat([held, chunk]) : chunk;
        const end = read.indexOf(HEAD_END);
        held = end < 0 ? read : null;
        if (end < 0) return;
        const head = read.toString("latin1", 0, end);
        const length = /\r\ncontent-length: (\d+)/i.exec(head);
        if (!length) return reject(new Error(`an answer without length:\n${head}`));
        if (!head.startsWith("HTTP/1.1 200 ")) total.refused++;
        total.bytes += Number(length[1]);
        missing = end + HEAD_END.length + Number(length[1]) - read.length;
      }
      if (missing > 0) return;
      if (missing < 0) return reject(new Error("more bytes than announced"));
      missing = -1;
      next();
    });
    next();
  });
}
