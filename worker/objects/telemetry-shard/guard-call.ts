import { storedSlug } from "../../../shared/schema/names.ts";
import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { guard } from "../stubs.ts";
import type { ShardBatch } from "./shard-batch.ts";

/** A guard that was told looks often by itself while counts move; it is told again after this long (ms). */
const CALL_MS = 20_000;

/** Tells the environment's guard that counts move, so that it need not look while they do not. */
export class GuardCall {
  readonly #env: Env;
  #calledAt = Number.NEGATIVE_INFINITY;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Nobody waits for it: a call that is lost is made up for by the next one, and by the guard's own slow look. */
  moved(place: ShardBatch["place"], now: number): void {
    if (!place || (now >= this.#calledAt && now - this.#calledAt < CALL_MS)) return;
    this.#calledAt = now;
    guard(this.#env, storedSlug(place.project), storedSlug(place.environment))
      .moved()
      .catch((error) => {
        this.#calledAt = Number.NEGATIVE_INFINITY;
        log({ event: "guard-not-told", ...place, error: String(error) });
      });
  }
}
