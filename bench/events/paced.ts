import { Agent, request } from "node:http";

/*
 * Requests at a fixed rate, whether or not the answers keep up: each is due at a moment of its own, and its latency
 * counts from then, so a server that stalls cannot make its own load lighter (coordinated omission).
 */

export interface Answer {
  /** The body that was answered. */
  sent: Buffer;
  status: number;
  body: string;
  /** From the moment the request was due (ms). */
  latencyMs: number;
}

export interface Paced {
  port: number;
  path: string;
  key: string;
  perSecond: number;
  bodies: Iterator<Buffer>;
  /** Whether to send the same body again, when the answer says or a little later. */
  onAnswer(answer: Answer): boolean;
}

/** When a server that asks for another attempt does not say when. */
const AGAIN_MS = 300;

const TICK_MS = 2;
const CONNECTIONS = 64;

/** Resolves when every body was sent and answered. */
export function sendPaced({ port, path, key, perSecond, bodies, onAnswer }: Paced): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json", "User-Agent": "bench" };
  return new Promise((resolve, reject) => {
    const start = performance.now();
    let sent = 0;
    let open = 0;
    let ended = false;
    const finish = () => {
      if (!ended || open > 0) return;
      agent.destroy();
      resolve();
    };
    const send = (body: Buffer, dueAt: number) => {
      open++;
      const made = request(
        {
          host: "127.0.0.1",
          port,
          path,
          method: "POST",
          agent,
          headers: { ...headers, "Content-Length": body.length },
        },
        (response) => {
          let text = "";
          response.setEncoding("utf8");
          response.on("data", (chunk: string) => {
            text += chunk;
          });
          response.on("end", () => {
            const latencyMs = performance.now() - dueAt;
            if (onAnswer({ sent: body, status: response.statusCode ?? 0, body: text, latencyMs }))
              setTimeout(() => {
                open--;
                send(body, performance.now());
              }, againMs(response.headers["retry-after"]));
            else open--;
            finish();
          });
        },
      );
      made.on("error", reject);
      made.end(body);
    };
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - start) / 1_000) * perSecond) + 1;
      while (sent < due && !ended) {
        const next = bodies.next();
        if (next.done) ended = true;
        else send(next.value, start + (sent++ / perSecond) * 1_000);
      }
      if (!ended) return;
      clearInterval(timer);
      finish();
    }, TICK_MS);
  });
}

const againMs = (retryAfter: string | undefined): number => (retryAfter ? Number(retryAfter) * 1_000 : AGAIN_MS);

export const quantile = (values: number[], at: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * at) - 1)] ?? Number.NaN;
};
