import type { GuardStatus } from "../schema/guard.ts";
import type { BlindWatch } from "./facts.ts";

type Watch = NonNullable<GuardStatus["watch"]>;

/** What guards watch in vain: users are exposed and an event does not come, or nobody is exposed at all. */
export function blindWatches(watched: readonly { flag: string; watch: Watch | null }[]): BlindWatch[] {
  return watched.flatMap(({ flag, watch }) => {
    if (!watch?.active) return [];
    const exposed = Object.values(watch.exposed).reduce((sum, units) => sum + units, 0);
    if (exposed > 0 && watch.silent.length === 0) return [];
    const missing = watch.silent.map(({ event, metrics }) => `${event ?? "any event"} (${metrics.join(", ")})`);
    return [{ flag, since: Date.parse(watch.startedAt), exposed, missing }];
  });
}
