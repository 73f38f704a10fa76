import { widestReach } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { fact, page, route } from "../words.ts";

const UNSTOPPED = 0.2;

/** An environment in which plans also advance while nobody is there to see it. */
export const noFreeze = defineKind<Noticed>({
  id: "no-freeze",
  look(facts) {
    const reach = widestReach(facts);
    return facts.freezes > 0 || reach === 0 ? [] : [{ subject: "", blastRadius: reach * UNSTOPPED }];
  },
  words: (_, facts) => ({
    title: `${facts.environment} has no freeze window`,
    reason: "Release plans also advance at night and on weekends, when nobody sees what they do.",
    evidence: [fact("No freeze window is set", facts.now)],
    action: {
      label: "Create a freeze window",
      path: page(facts, "settings", "#freezes"),
      request: {
        method: "PUT",
        path: route(facts, `environments/${facts.environment}/freezes/weekend`),
        body: {
          name: "Weekend",
          weekly: { days: ["saturday", "sunday"], from: "00:00", until: "00:00", timeZone: "Europe/Berlin" },
        },
      },
    },
  }),
});
