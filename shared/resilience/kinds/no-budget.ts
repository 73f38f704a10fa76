import { widestReach } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { fact, page, route } from "../words.ts";

const UNSTOPPED = 0.1;

/** A project that learns of a runaway client with the bill. */
export const noBudget = defineKind<Noticed>({
  id: "no-budget",
  look(facts) {
    const reach = widestReach(facts);
    return facts.hasBudget || reach === 0 ? [] : [{ subject: "", blastRadius: reach * UNSTOPPED }];
  },
  words: (_, facts) => ({
    title: "No evaluation budget is set",
    reason: "A client that asks in a loop is noticed with the bill. A budget warns before.",
    evidence: [fact("No budget is set for this project", facts.now)],
    action: {
      label: "Set a budget",
      path: page(facts, "settings", "#budget"),
      request: { method: "PUT", path: route(facts, "budget"), body: { evaluationsPerMonth: 10_000_000, warnAt: 0.8 } },
    },
  }),
});
