import type { FlagDebt } from "../../schema/flag-debt.ts";
import { widestReach } from "../facts.ts";
import { defineKind, type Noticed } from "../finding-kind.ts";
import { count, fact, listed, page, route } from "../words.ts";

const UNSTOPPED = 0.15;

interface Stale extends Noticed {
  stale: readonly FlagDebt[];
}

/** Flags that code could do without: each is a path that nobody tests any more. */
export const staleFlags = defineKind<Stale>({
  id: "stale-flags",
  look(facts) {
    if (facts.debt.length === 0) return [];
    return [{ subject: "", blastRadius: Math.max(widestReach(facts), 0.1) * UNSTOPPED, stale: facts.debt }];
  },
  words({ stale }, facts) {
    const flags = stale.map(({ flag }) => flag);
    const [oldest] = stale[0]?.reasons ?? [];
    return {
      title: `${count(stale.length, "flag is stale", "flags are stale")}`,
      reason: "Their other path is no longer tested. A change by mistake turns that path on.",
      evidence: [fact(`The most pressing: ${listed(flags)}`, oldest ? Date.parse(oldest.since) : null)],
      action: {
        label: "Review stale flags",
        path: page(facts, "delivery", "#debt"),
        request: { method: "POST", path: route(facts, "archive"), body: { flags: flags.slice(0, 20) } },
      },
    };
  },
});
