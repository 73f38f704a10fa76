import { setTimeout as sleep } from "node:timers/promises";
import { BlastdoorProvider } from "../../client/server/index.ts";
import { Expectations } from "./expectations.ts";

/** Evaluates with a provider in this process, following one isolate, and notes when it last answered stale. */
export class InProcess extends Expectations {
  readonly #provider: BlastdoorProvider;
  readonly #pauseMs: number;
  #stopped = false;

  constructor(url: URL, key: string, pauseMs: number) {
    super();
    this.#provider = new BlastdoorProvider({ baseUrl: url.origin, key, exposures: false, startMs: 20_000 });
    this.#pauseMs = pauseMs;
  }

  async run(): Promise<void> {
    await this.#provider.initialize();
    const user = { targetingKey: "u1" };
    while (!this.#stopped) {
      for (const flag of this.flags) {
        const began = performance.now();
        const { value } = await this.#provider.resolveBooleanEvaluation(flag, false, user);
        this.note(flag, value, began);
      }
      await sleep(this.#pauseMs);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#provider.onClose();
  }
}
