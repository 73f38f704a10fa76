import { breachWords } from "../../../shared/guard/words.ts";
import type { GuardState } from "../../../shared/schema/guard.ts";
import type { Watch } from "./guard-book.ts";

/** The state of what is watched, and why, in a sentence for people. */
export function guardStateWords({ breach, acted, findings, body }: Watch): { state: GuardState; reason: string } {
  if (breach) {
    const words = breachWords(breach);
    if (acted?.outcome === "waiting")
      return { state: "waiting-for-approval", reason: `The cap on automatic kills is reached. ${words}` };
    return { state: "breached", reason: words };
  }
  if (!findings) return { state: "collecting", reason: "Nothing has been counted yet." };
  switch (findings.state) {
    case "breached":
    case "healthy":
      return { state: "healthy", reason: "Nothing is worse than tolerated." };
    case "mismatch":
      return {
        state: "mismatch",
        reason: "Units are not exposed in the planned shares: look for exposures that get lost. The guards stay on.",
      };
    case "collecting": {
      const few = findings.tiles.filter(({ health }) => health === "collecting").map(({ metric }) => metric);
      const all = few.length === 0 ? "" : ` Too few units for ${[...new Set(few)].join(", ")}.`;
      if (findings.tiles.length === 0 && body.series.control === null)
        return {
          state: "collecting",
          reason: "No arm to compare with, and no metric has a budget: nothing can be judged.",
        };
      return { state: "collecting", reason: `Nothing is worse than tolerated so far.${all}` };
    }
  }
}
