import { isRecent, type ServedChange } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { changed, duration, fact, flagPage, flagRoute } from "../words.ts";

/** Within so long (ms), 10 minutes, a person who is called has pressed the button. */
const GOOD_MS = 10 * 60_000;
const UNSTOPPED = 0.6;

interface SlowRestore extends Noticed {
  incident: ServedChange & { onsetAt: number; confirmedAt: number };
}

/** The incident of the last four weeks that took the longest, of a flag that still waits for a person. */
export const slowRestore = defineKind<SlowRestore>({
  id: "slow-restore",
  look(facts) {
    const { changes, flags, now, followUps } = facts;
    const waits = new Map(flags.filter(({ stoppedBy }) => stoppedBy === null).map((one) => [one.flag, one]));
    const slow = changes.flatMap((incident) => {
      const { kind, flag, onsetAt, confirmedAt, revision } = incident;
      if (kind === "release" || kind === "step" || onsetAt === null || confirmedAt === null) return [];
      if (!isRecent(incident, now) || confirmedAt - onsetAt <= GOOD_MS || !waits.has(flag)) return [];
      const its = followUps.filter((one) => one.incident === revision);
      if (its.length > 0 && its.every(({ isDone }) => isDone)) return [];
      return [{ ...incident, onsetAt, confirmedAt }];
    });
    const [slowest] = slow.sort((a, b) => b.confirmedAt - b.onsetAt - (a.confirmedAt - a.onsetAt));
    if (!slowest) return [];
    const before = slowest.from ?? 0;
    const reach = Math.max(before, waits.get(slowest.flag)?.reach ?? 0, 0.1);
    return [{ subject: slowest.flag, blastRadius: reach * UNSTOPPED, incident: slowest }];
  },
  words: ({ incident }, facts) => ({
    title: `Restoring ${incident.flag} took ${duration(incident.confirmedAt - incident.onsetAt)}`,
    reason: "This is the slowest of the last four weeks. A trigger lets monitoring kill the flag within seconds.",
    evidence: [
      fact("The trouble began", incident.onsetAt),
      changed(incident.kind === "kill" ? "Killed" : "Rolled back", incident),
      fact("Confirmed off at the edge", incident.confirmedAt),
    ],
    action: {
      label: "Create a kill trigger",
      path: flagPage(facts, incident.flag, "settings"),
      request: { method: "POST", path: flagRoute(facts, incident.flag, "triggers"), body: { name: "Monitoring" } },
    },
  }),
});
