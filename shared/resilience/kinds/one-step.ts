import { type LiveFlag, latestReleases, type ServedChange } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { changed, flagPage, flagRoute, percent } from "../words.ts";

/** So much of all users at once is one step: nobody could have seen harm before it was there for most. */
const STEP = 0.5;

interface OneStep extends Noticed {
  release: ServedChange & { from: number; to: number };
  flag: LiveFlag;
}

/** A flag that one change has put live for everybody, and that has no plan to do it otherwise next time. */
export const oneStep = defineKind<OneStep>({
  id: "one-step",
  look(facts) {
    const flags = new Map(facts.flags.map((flag) => [flag.flag, flag]));
    return latestReleases(facts).flatMap((release) => {
      const { from, to, byPlan } = release;
      const flag = flags.get(release.flag);
      if (from === null || to === null || byPlan || to < 1 || to - from < STEP) return [];
      if (!flag || flag.reach < 1 || flag.hasPlan) return [];
      return [{ subject: release.flag, blastRadius: to - from, release: { ...release, from, to }, flag }];
    });
  },
  words: ({ release, flag }, facts) => ({
    title: `${release.flag} went to ${percent(release.to)} of users in one step`,
    reason:
      "A fault would have reached all of these users at once. A release plan starts with few users and stops where a guard finds harm.",
    evidence: [changed(`Reach changed from ${percent(release.from)} to ${percent(release.to)}`, release)],
    action: {
      label: "Create a release plan",
      path: flagPage(facts, release.flag, "release"),
      request: {
        method: "PUT",
        path: flagRoute(facts, release.flag, "plan"),
        body: {
          variant: flag.variant,
          baseline: flag.offVariant,
          stages: [{ audience: { share: 1_000 } }, { audience: { share: 10_000 } }, { audience: { share: 100_000 } }],
        },
      },
    },
  }),
});
