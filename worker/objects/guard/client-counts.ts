import type { TotalsAnswer } from "../../../shared/schema/telemetry.ts";
import { within } from "../../within.ts";

/** They are asked for at most once in so long (ms): they only alert, and each time costs a request for every shard. */
const CLIENT_COUNTS_MS = 10_000;
/** While they do not move; shards say when they do. */
const AT_REST_MS = 300_000;
/** A look waits for them so long (ms): anybody can keep their shards busy, and what servers report must not wait. */
const TIMEOUT_MS = 300;
const NONE: TotalsAnswer = { series: {}, shed: { server: 0, client: 0 } };

/** What client keys reported, as far as a guard knows: as their shards last answered, all of them together. */
export class ClientCounts {
  #known = NONE;
  #askedAt = Number.NEGATIVE_INFINITY;
  #isAtRest = false;

  /** Never fails: without an answer, the counts before stand. */
  async latest(ask: () => Promise<TotalsAnswer>, now: number): Promise<TotalsAnswer> {
    const elapsed = now - this.#askedAt;
    if (elapsed >= 0 && elapsed < (this.#isAtRest ? AT_REST_MS : CLIENT_COUNTS_MS)) return this.#known;
    this.#askedAt = now;
    try {
      const answer = await within(TIMEOUT_MS, ask());
      this.#isAtRest = JSON.stringify(answer.series) === JSON.stringify(this.#known.series);
      this.#known = answer;
    } catch {
      // Shards that do not answer are asked again with a later look.
    }
    return this.#known;
  }

  /** A shard has stored events. */
  moved(): void {
    this.#isAtRest = false;
  }

  clear(): void {
    this.#known = NONE;
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#isAtRest = false;
  }
}
