import type { KeyKind } from "../../shared/schema/snapshot.ts";
import { KeylessBodies } from "../demand/keyless-bodies.ts";

/** A context is a few hundred bytes. A body up to this size (bytes) is left to the runtime, which needs no timer. */
export const PLAIN_BODY_BYTES = 4 * 1024;
/** Bytes of larger bodies that an isolate reads at a time. Anybody may have a client key, so servers have room of their own. */
const MOST_BYTES: Readonly<Record<KeyKind, number>> = { client: 4 * 1024 * 1024, server: 8 * 1024 * 1024 };

/**
 * Reads the bodies of evaluations. Small announced ones, which nearly all are, come as the runtime delivers them. Larger
 * ones, and those of unknown length, take a bounded room, in which those that come slowly give way.
 */
export class ContextBodies {
  readonly #rooms: Readonly<Record<KeyKind, KeylessBodies>>;

  /** @param now epoch ms */
  constructor(now: () => number, most = MOST_BYTES) {
    this.#rooms = { client: new KeylessBodies(now, most.client), server: new KeylessBodies(now, most.server) };
  }

  /** Bytes of larger bodies that are on their way. */
  held(kind: KeyKind): number {
    return this.#rooms[kind].held;
  }

  /**
   * At most `limit` bytes as text; null when there is more.
   *
   * @throws ProblemError 408 when the body does not come in time, 503 when there is no room for it
   */
  read(request: Request, limit: number, kind: KeyKind): Promise<string | null> {
    const announced = request.headers.get("Content-Length");
    if (announced !== null && Number(announced) <= PLAIN_BODY_BYTES) return request.text();
    return this.#rooms[kind].read(request, limit);
  }
}

/** Of this isolate. */
export const contextBodies = new ContextBodies(() => Date.now());
