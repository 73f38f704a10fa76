import { log } from "../../log.ts";
import { ALARM_RETRY_MS } from "../kernel/alarm.ts";
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

  /** Sets the alarm for whatever is due next, but not before `earliest`, or takes it away. */
  schedule(earliest = Date.now()): void {
    const at = this.#next(earliest);
    void (at === null ? this.#storage.deleteAlarm() : this.#storage.setAlarm(at));
  }

  /** While it cannot be told what is due, something may be. */
  #next(earliest: number): number | null {
    try {
      return computeNextAlarm(this.#dueTimes(), earliest);
    } catch (error) {
      log({ event: "due-times-unknown", error: String(error) });
      return Math.max(earliest, Date.now() + ALARM_RETRY_MS);
    }
  }
}
