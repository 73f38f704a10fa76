import type { Kill } from "../../schema/snapshot.ts";
import type { Part, StaleKill } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { StaleFlag } from "../model/wiring.ts";

/** Of the flags with `onStale: killVariant`, by age. */
export function staleKillsOf(parts: readonly Part[], revision: number): StaleKill[] {
  const stale = ({ flag, afterSeconds, serve }: StaleFlag): StaleKill => {
    return { afterSeconds, kill: { id: `stale:${flag}`, flag, serve, revision } };
  };
  return parts.flatMap(({ wiring }) => wiring.stale.map(stale)).sort((a, b) => a.afterSeconds - b.afterSeconds);
}

/**
 * Kills that follow from the age of what is known, to be added to those in force: of flags whose `onStale` says
 * so.
 *
 * @param ageSeconds age of the newest pointer this edge has seen
 */
export function staleKills(compiled: CompiledSnapshot, ageSeconds: number): Kill[] {
  const kills: Kill[] = [];
  for (const { afterSeconds, kill } of compiled.stale) {
    if (ageSeconds < afterSeconds) break;
    kills.push(kill);
  }
  return kills;
}
