import { BODY_LEASE_MS, BytesInFlight, FIRST_LEASE_BYTES } from "../events/bytes-in-flight.ts";
import { type Reading, readBody } from "../http/body.ts";
import { ProblemError } from "../http/problem.ts";

/** Bytes of such bodies that one isolate holds at a time: hundreds of honest ones, which are about a kilobyte. */
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * Reads bodies whose sender nobody knows yet, or who shows what many may have: a page's key is public, and a trigger's
 * token stands in access logs. Together
 * they take a bounded room, in which those that come slowly give way, and each has to be whole in time.
 */
export class KeylessBodies {
  readonly #held: BytesInFlight;
  readonly #most: number;

  /** @param now epoch ms */
  constructor(now: () => number, most = MAX_BYTES) {
    this.#held = new BytesInFlight(now);
    this.#most = most;
  }

  get held(): number {
    return this.#held.held;
  }

  /**
   * At most `limit` bytes as text; null when there is more.
   *
   * @throws ProblemError 408 when the body does not come in time, 503 when there is no room for it
   */
  async read(request: Request, limit: number): Promise<string | null> {
    const announced = Number(request.headers.get("Content-Length") ?? Number.NaN);
    const first = Math.min(FIRST_LEASE_BYTES, announced >= 0 ? announced : FIRST_LEASE_BYTES);
    if (!this.#fits(first)) throw busy();
    const lease = this.#held.take(first);
    const came = (bytes: number) => {
      // Others came in whole while this one dripped.
      if (lease.lost || (bytes > lease.bytes && !this.#fits(bytes - lease.bytes))) throw busy();
      lease.grow(bytes);
    };
    try {
      return await readBody(request, limit, { ...IN_TIME, came });
    } finally {
      lease.giveBack();
    }
  }

  #fits(bytes: number): boolean {
    while (this.#held.held + bytes > this.#most) if (!this.#held.dropSlowest()) return false;
    return true;
  }
}

/** What holds for every visitor's body, whatever key it comes with. */
export const IN_TIME: Reading = { longestMs: BODY_LEASE_MS };

const busy = () => new ProblemError(503, "busy", "too many requests at once; ask again", {}, { "Retry-After": "2" });
