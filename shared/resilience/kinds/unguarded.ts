import type { FindingAction } from "../../schema/resilience.ts";
import { type Facts, type LiveFlag, latestReleases, type ServedChange } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { changed, fact, flagPage, flagRoute, percent } from "../words.ts";

/** A person who looks would stop one accident in five before it has reached everybody. */
const UNSTOPPED = 0.8;

interface Unguarded extends Noticed {
  release: ServedChange;
  flag: LiveFlag;
}

/** A recent release that neither a guard nor a kill trigger would take back. */
export const unguarded = defineKind<Unguarded>({
  id: "unguarded",
  look(facts) {
    const flags = new Map(facts.flags.map((flag) => [flag.flag, flag]));
    return latestReleases(facts).flatMap((release) => {
      const flag = flags.get(release.flag);
      if (!flag || flag.reach === 0 || flag.stoppedBy !== null) return [];
      return [{ subject: release.flag, blastRadius: flag.reach * UNSTOPPED, release, flag }];
    });
  },
  words({ release, flag }, facts) {
    return {
      title: `Nothing but a person would stop ${flag.flag}`,
      reason: `It reaches ${percent(flag.reach)} of users, without a guard, a guarded release plan or a kill trigger.`,
      evidence: [changed("Released", release), fact(`Reaches ${percent(flag.reach)} of users now`, facts.now)],
      action: flag.isSplit ? guardAction(facts, flag.flag) : triggerAction(facts, flag.flag),
    };
  },
});

const guardAction = (facts: Facts, flag: string): FindingAction => ({
  label: "Set up a guard",
  path: flagPage(facts, flag, "metrics"),
  request: {
    method: "PUT",
    path: flagRoute(facts, flag, "guard"),
    body: { metrics: [{ name: "errors", kind: "error" }] },
  },
});

const triggerAction = (facts: Facts, flag: string): FindingAction => ({
  label: "Create a kill trigger",
  path: flagPage(facts, flag, "settings"),
  request: { method: "POST", path: flagRoute(facts, flag, "triggers"), body: { name: "Monitoring" } },
});
