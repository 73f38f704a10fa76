import { silentEvents } from "../../../shared/guard/silent-events.ts";
import { breachWords, silentWords } from "../../../shared/guard/words.ts";
import type { GuardState, SilentEvent } from "../../../shared/schema/guard.ts";
import type { Watch } from "./guard-book.ts";

/** What a guard listens for in vain; empty until anybody is exposed. */
export function silentOf({ body, findings }: Pick<Watch, "body" | "findings">): SilentEvent[] {
  if (!findings?.reported || exposedIn(findings) === 0) return [];
  return silentEvents(body.series, findings.reported);
}

const exposedIn = ({ exposed }: NonNullable<Watch["findings"]>): number =>
  Object.values(exposed).reduce((sum, units) => sum + units, 0);

/** The state of what is watched, and why, in a sentence for people. */
export function guardStateWords({ breach, acted, findings, body }: Watch): { state: GuardState; reason: string } {
  if (breach) {
    const words = breachWords(breach);
    if (acted?.outcome === "waiting")
      return { state: "waiting-for-approval", reason: `The cap on automatic kills is reached. ${words}` };
    return { state: "breached", reason: words };
  }
  if (!findings) return { state: "collecting", reason: "Nothing has been counted yet." };
  // Findings of before this version call healthy what was never concluded.
  const known = findings.state === "healthy" && !findings.reported ? "collecting" : findings.state;
  switch (known) {
    case "breached":
    case "healthy":
      return { state: "healthy", reason: "No harm found." };
    case "no-data":
      return {
        state: "no-data",
        reason: silentOf({ body, findings })
          .map((silent) => silentWords(silent, exposedIn(findings)))
          .join(" "),
      };
    case "mismatch":
      return {
        state: "mismatch",
        reason: "Users are not exposed in the planned shares: look for exposures that get lost. The guards stay on.",
      };
    case "collecting": {
      const open = findings.tiles.filter(({ verdict }) => verdict !== "no-harm-found").map(({ metric }) => metric);
      const all = open.length === 0 ? "" : ` Harm is neither found nor ruled out for ${[...new Set(open)].join(", ")}.`;
      if (findings.tiles.length === 0 && body.series.control === null)
        return {
          state: "collecting",
          reason: "No arm to compare with, and no metric has a budget: nothing can be judged.",
        };
      return { state: "collecting", reason: `No regression so far.${all}` };
    }
  }
}
