import { log } from "../../log.ts";

/** An alarm in which something failed comes again after this long (ms), and not at once, however much is due. */
export const ALARM_RETRY_MS = 30_000;

/**
 * Runs the steps of an alarm one after the other. One that fails must neither keep the later ones asleep nor end the
 * alarm: the platform repeats a failed alarm six times, and then forgets it.
 *
 * @returns when the alarm may come next at the earliest (epoch ms)
 */
export async function runSteps(steps: Readonly<Record<string, () => unknown>>): Promise<number> {
  let failed = false;
  for (const [step, run] of Object.entries(steps)) {
    try {
      await run();
    } catch (error) {
      failed = true;
      log({ event: "alarm-step-failed", step, error: String(error) });
    }
  }
  return Date.now() + (failed ? ALARM_RETRY_MS : 0);
}

/** For constructors: sets the alarm of an object that has none, such as one whose alarm the platform has forgotten. */
export function rearm(storage: Pick<DurableObjectStorage, "getAlarm">, schedule: () => unknown): void {
  void storage
    .getAlarm()
    .then((at) => (at === null ? schedule() : undefined))
    .catch((error: unknown) => log({ event: "alarm-not-set", error: String(error) }));
}
