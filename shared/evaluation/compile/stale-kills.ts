import type { Kill, Snapshot, SnapshotFlag } from "../../schema/snapshot.ts";
import type { StaleKill } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";

/** Of the flags with `onStale: killVariant`, by age. */
export function staleKillsOf(snapshot: Snapshot): StaleKill[] {
  const stale: StaleKill[] = [];
  for (const key of Object.keys(snapshot.flags)) {
    const { state, offVariant } = snapshot.flags[key] as SnapshotFlag;
    if (state.onStale?.action !== "killVariant") continue;
    const serve = state.killVariant === undefined ? offVariant : state.killVariant;
    const kill = { id: `stale:${key}`, flag: key, serve, revision: snapshot.revision };
    stale.push({ afterSeconds: state.onStale.afterSeconds, kill });
  }
  return stale.sort((a, b) => a.afterSeconds - b.afterSeconds);
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
