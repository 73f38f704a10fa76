import type { BlindWatch } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { count, fact, flagPage, flagRoute, listed, percent } from "../words.ts";

/** Worse than no guard: people rely on it. */
const UNSTOPPED = 0.9;
/** Who has just begun to be exposed has had no time to send an outcome. */
const PATIENCE_MS = 15 * 60_000;

interface Blind extends Noticed {
  watch: BlindWatch;
  reach: number;
}

/** A guard whose metrics receive nothing. */
export const blindGuard = defineKind<Blind>({
  id: "blind-guard",
  look: ({ blind, flags, now }) =>
    blind.flatMap((watch) => {
      const reach = flags.find(({ flag }) => flag === watch.flag)?.reach ?? 0;
      if (reach === 0 || now - watch.since < PATIENCE_MS) return [];
      return [{ subject: watch.flag, blastRadius: reach * UNSTOPPED, watch, reach }];
    }),
  words: ({ watch, reach }, facts) => ({
    title: `The guard of ${watch.flag} is blind`,
    reason: `It cannot find harm, because its metrics receive no events, while the flag reaches ${percent(reach)} of users.`,
    evidence: [
      fact(
        watch.exposed === 0
          ? "No exposure has been reported since it began to watch"
          : `${count(watch.exposed, "user")} exposed, and no event for ${listed(watch.missing)}`,
        watch.since,
      ),
    ],
    action: {
      label: "Send the missing event",
      path: flagPage(facts, watch.flag, "metrics"),
      request: { method: "GET", path: flagRoute(facts, watch.flag, "guard") },
    },
  }),
});
