import { applyKills, staleKills } from "../../../shared/evaluation/compile/compile.ts";
import { ownOf } from "../../../shared/own.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { Kill } from "../../../shared/schema/snapshot.ts";
import type { Loaded } from "./loaded.ts";
import { namedIn, united, unrestored } from "./pointer-lane.ts";
import type { ProjectState } from "./project-memory.ts";

/**
 * Puts the kills of an environment in force: what pointer and snapshot say, united with break-glass and, beyond a
 * flag's own limit, with what its `onStale` asks.
 *
 * @param ageMs how old what is known is
 */
export function enforceKills(state: ProjectState, environment: Slug, loaded: Loaded, ageMs: number): void {
  const tombstones = namedIn(state.held, environment)?.tombstones ?? [];
  const emergency = unrestored(ownOf(state.breakGlass?.environments, environment) ?? [], tombstones);
  const kills = united(united(loaded.kills, emergency), staleKills(loaded.compiled, ageMs / 1_000));
  const applied = appliedOf(kills);
  if (applied === loaded.applied) return;
  loaded.applied = applied;
  loaded.killsChanged++;
  applyKills(loaded.compiled, kills);
}

/** What tells whether the kills in force are these. */
export const appliedOf = (kills: readonly Kill[]): string => kills.map(({ id }) => id).join(" ");
