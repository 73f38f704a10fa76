import { computeNextAlarm } from "../kernel/outbox.ts";

/** The alarm of a publication under way: late enough not to disturb it, early enough to save it (ms). */
const SAFETY_ALARM_MS = 2_000;

/** A store's one alarm, which rings for whatever is due first. */
export class StoreAlarm {
  readonly #storage: Pick<DurableObjectStorage, "setAlarm" | "deleteAlarm">;
  readonly #dueTimes: () => readonly number[];

  /** @param dueTimes when something is due (epoch ms), in no order */
  constructor(storage: Pick<DurableObjectStorage, "setAlarm" | "deleteAlarm">, dueTimes: () => readonly number[]) {
    this.#storage = storage;
    this.#dueTimes = dueTimes;
  }

  /** In the transaction of a write: should this process die, the alarm publishes it. */
  armSafety(now: number): void {
    void this.#storage.setAlarm(now + SAFETY_ALARM_MS);
  }

  /** Sets the alarm for whatever is due next, or takes it away. */
  schedule(): void {
    const at = computeNextAlarm(this.#dueTimes(), Date.now());
    void (at === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(at));
  }
}
