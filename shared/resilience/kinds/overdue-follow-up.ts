import type { FollowUpFacts } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { duration, fact, page, route } from "../words.ts";

/** What was found out and not mended happens again. */
const UNSTOPPED = 0.6;
const LEAST_REACH = 0.25;

interface Overdue extends Noticed {
  followUp: FollowUpFacts;
}

/** Something that was to be done after an incident, and was not. */
export const overdueFollowUp = defineKind<Overdue>({
  id: "overdue-follow-up",
  look: ({ followUps, flags, now }) => {
    const reach = new Map(flags.map((one) => [one.flag, one.reach]));
    return followUps
      .filter(({ isDone, dueAt }) => !isDone && dueAt < now)
      .map((followUp) => ({
        subject: followUp.id,
        blastRadius: Math.max(reach.get(followUp.flag) ?? 0, LEAST_REACH) * UNSTOPPED,
        followUp,
      }));
  },
  words: ({ followUp }, facts) => ({
    title: `Overdue: ${followUp.title}`,
    reason: `It follows from the incident of ${followUp.flag}. Until it is done, the same can happen again.`,
    evidence: [
      {
        ...fact(`Due ${duration(facts.now - followUp.dueAt)} ago`, followUp.dueAt),
        by: followUp.owner,
        revision: followUp.incident,
      },
    ],
    action: {
      label: "Open the incident",
      path: page(facts, `incidents/${followUp.incident}`, `&flag=${encodeURIComponent(followUp.flag)}`),
      request: {
        method: "PATCH",
        path: route(facts, `environments/${facts.environment}/follow-ups/${followUp.id}`),
        body: { done: true },
      },
    },
  }),
});
