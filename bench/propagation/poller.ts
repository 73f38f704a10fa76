import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Expectations } from "./expectations.ts";

/** Evaluates all flags at one isolate at a steady pace, and notes when it last got a stale answer. */
export class Poller extends Expectations {
  readonly #socket: Socket;
  readonly #request: string;
  readonly #pauseMs: number;
  requests = 0;
  /** How long each answer took (ms). */
  readonly times: number[] = [];
  #stopped = false;

  constructor(url: URL, key: string, pauseMs: number) {
    super();
    const body = '{"context":{"targetingKey":"u1"}}';
    this.#socket = connect(Number(url.port), url.hostname).setNoDelay(true);
    this.#pauseMs = pauseMs;
    this.#request =
      `POST /ofrep/v1/evaluate/flags HTTP/1.1\r\nHost: edge\r\nAuthorization: Bearer ${key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  }

  stop(): void {
    this.#stopped = true;
    this.#socket.destroy();
  }

  async run(): Promise<void> {
    if (this.#socket.connecting) await once(this.#socket, "connect");
    while (!this.#stopped) {
      const began = performance.now();
      this.#socket.write(this.#request);
      const answer = await this.#answer().catch((error: unknown) => {
        if (this.#stopped) return "";
        throw error;
      });
      if (answer === "") return;
      if (!answer.startsWith("HTTP/1.1 200")) throw new Error(`an evaluation was answered ${answer.slice(0, 200)}`);
      this.requests++;
      this.times.push(performance.now() - began);
      this.#note(answer, began);
      await sleep(Math.max(0, this.#pauseMs - (performance.now() - began)));
    }
  }

  #note(answer: string, began: number): void {
    const body = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4)) as {
      flags: { key: string; value: boolean }[];
    };
    for (const { key, value } of body.flags) this.note(key, value, began);
  }

  async #answer(): Promise<string> {
    let text = "";
    for (;;) {
      const [chunk] = (await once(this.#socket, "data")) as [Buffer];
      text += chunk.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) continue;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length >= end + 4 + length) return text;
    }
  }
}
