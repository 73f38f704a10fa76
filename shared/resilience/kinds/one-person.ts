import { isRecent, type ServedChange, widestReach } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { changed, count, page } from "../words.ts";

/** Fewer changes say nothing of how a team works. */
const LEAST_CHANGES = 5;
const UNSTOPPED = 0.4;

interface OnePerson extends Noticed {
  changes: ServedChange[];
}

/** Every change of four weeks that a person made was made by the same one. */
export const onePerson = defineKind<OnePerson>({
  id: "one-person",
  look(facts) {
    const made = facts.changes.filter((change) => change.byPerson && isRecent(change, facts.now));
    const people = new Set(made.map(({ by }) => by));
    const reach = widestReach(facts);
    if (people.size !== 1 || new Set(made.map(({ revision }) => revision)).size < LEAST_CHANGES || reach === 0)
      return [];
    return [{ subject: "", blastRadius: reach * UNSTOPPED, changes: made }];
  },
  words({ changes }, facts) {
    const [last] = changes as [ServedChange, ...ServedChange[]];
    const revisions = new Set(changes.map(({ revision }) => revision)).size;
    return {
      title: `One person makes every change in ${facts.environment}`,
      reason: `When ${last.by} is away, nobody has practice in changing it or taking it back.`,
      evidence: [changed(`${count(revisions, "change")} in four weeks, this one the last`, last)],
      action: {
        label: "Invite a second person",
        path: page(facts, "settings", "#tokens"),
        request: {
          method: "POST",
          path: "/api/v1/tokens",
          body: { name: "Second person", role: "engineer", project: facts.project },
        },
      },
    };
  },
});
