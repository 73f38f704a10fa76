import { DAY_MS, type Facts, widestReach } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { duration, fact, page, route } from "../words.ts";

/** A month. */
const EVERY_MS = 31 * DAY_MS;
/** A kill that was not tried is no longer sure to work; one that has failed does not. */
const UNTRIED = 0.7;

interface NoDrill extends Noticed {
  drill: Facts["drill"];
}

/** A kill that has not been tried for a month, or failed when it was. */
export const noDrill = defineKind<NoDrill>({
  id: "no-drill",
  look(facts) {
    const { drill, now } = facts;
    const reach = widestReach(facts);
    const isTried = drill !== null && now - drill.at <= EVERY_MS;
    if (reach === 0 || (isTried && drill.passed)) return [];
    return [{ subject: "", blastRadius: isTried ? reach : reach * UNTRIED, drill }];
  },
  words({ drill }, facts) {
    const { environment, now } = facts;
    const failed = drill !== null && !drill.passed;
    return {
      title: failed ? `The last kill drill in ${environment} failed` : `No kill drill in ${environment} this month`,
      reason: "In an accident everything depends on the kill. A drill shows that it works, and how fast.",
      evidence: [
        drill === null
          ? fact("No drill was ever made here")
          : fact(
              failed ? drill.problem || "The drill failed" : `The last one was ${duration(now - drill.at)} ago`,
              drill.at,
            ),
      ],
      action: {
        label: "Run a kill drill",
        path: page(facts, "delivery"),
        request: { method: "POST", path: route(facts, `environments/${environment}/drill/run`) },
      },
    };
  },
});
