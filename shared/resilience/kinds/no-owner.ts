import { type LiveFlag, widestReach } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { count, fact, listed, page, percent, route } from "../words.ts";

const UNSTOPPED = 0.3;

interface NoOwner extends Noticed {
  flags: [LiveFlag, ...LiveFlag[]];
}

/** Flags that reach users and belong to nobody. */
export const noOwner = defineKind<NoOwner>({
  id: "no-owner",
  look(facts) {
    const [first, ...rest] = facts.flags
      .filter(({ owner, reach }) => owner.trim() === "" && reach > 0)
      .sort((a, b) => b.reach - a.reach || (a.flag < b.flag ? -1 : 1));
    if (!first) return [];
    const flags: NoOwner["flags"] = [first, ...rest];
    return [{ subject: "", blastRadius: widestReach({ flags }) * UNSTOPPED, flags }];
  },
  words({ flags }, facts) {
    const [first] = flags;
    return {
      title: `${count(flags.length, "flag has", "flags have")} no owner`,
      reason: "In an accident nobody knows whom to ask whether the flag may be killed.",
      evidence: [
        fact(
          `${listed(flags.map(({ flag }) => flag))}. ${first.flag} reaches ${percent(first.reach)} of users`,
          facts.now,
        ),
      ],
      action: {
        label: "Set owners",
        path: page(facts, "flags", "&owner=none"),
        request: {
          method: "PATCH",
          path: route(facts, `flags/${encodeURIComponent(first.flag)}`),
          body: { owner: "team-checkout" },
        },
      },
    };
  },
});
