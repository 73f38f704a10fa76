import type { CompiledFlag, CompiledSnapshot } from "./compile.ts";
import type { Outcome } from "./outcome.ts";
import { constantResult } from "./program.ts";
import type { Kill, Snapshot } from "./schema/snapshot.ts";

/** A kill that applies once the edge's knowledge is so old. */
export interface StaleKill {
  readonly afterSeconds: number;
  readonly kill: Kill;
}

/** Of the flags with `onStale: killVariant`, by age. */
export function staleKillsOf(snapshot: Snapshot): StaleKill[] {
  const stale: StaleKill[] = [];
  for (const [key, { state, offVariant }] of Object.entries(snapshot.flags)) {
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

/**
 * Replaces the kills in force; the caller unites snapshot's and pointer's. Of several kills of one target the one
 * of the highest revision counts, the later in the list among equals. Kills of flags that do not exist are
 * ignored. Costs as much as there are kills, and compiles nothing.
 */
export function applyKills(compiled: CompiledSnapshot, kills: readonly Kill[]): void {
  const { chunks } = compiled;
  for (const flag of compiled.killed) {
    flag.kill = null;
    flag.variantKills = null;
    flag.fixed = fixedBeneathKills(compiled, flag);
    chunks.killed[chunks.of[flag.index] as number] = 0;
  }
  const killed = new Set<CompiledFlag>();
  for (const kill of kills) {
    const flag = compiled.flags.get(kill.flag);
    if (!flag) continue;
    killed.add(flag);
    flag.fixed = null;
    chunks.killed[chunks.of[flag.index] as number] = 1;
    if (kill.variant === undefined) {
      if (!flag.kill || flag.kill.revision <= kill.revision) flag.kill = kill;
    } else {
      flag.variantKills ??= new Map();
      const known = flag.variantKills.get(kill.variant);
      if (!known || known.revision <= kill.revision) flag.variantKills.set(kill.variant, kill);
    }
  }
  compiled.killed = [...killed];
  // Subjects prepared before must not remember what flags served before.
  for (const predicate of compiled.predicates) predicate.memo = 0;
}

function fixedBeneathKills({ program, outcomes }: CompiledSnapshot, { index }: CompiledFlag): Outcome | null {
  return outcomes[constantResult(program, index)] ?? null;
}
