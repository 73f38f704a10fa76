import type { Kill } from "../../schema/snapshot.ts";
import type { CompiledFlag, FlagKills, Part } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import { EncodedOutcome } from "./encoded-outcome.ts";
import { constantResult } from "./program.ts";

/**
 * Replaces the kills in force; the caller unites snapshot's and pointer's. Of several kills of one target the one
 * of the highest revision counts, the later in the list among equals. Kills of flags that do not exist are
 * ignored. Compiles nothing: costs as much as there are kills and parts, and forgets what was remembered of conditions
 * that test flags.
 */
export function applyKills(compiled: CompiledSnapshot, kills: readonly Kill[]): void {
  for (const part of compiled.parts) restore(part);
  const killed = new Set<CompiledFlag>();
  for (const kill of kills) {
    const flag = compiled.flags.get(kill.flag);
    if (!flag) continue;
    killed.add(flag);
    flag.kills ??= { all: null, variants: new Map() };
    const { all, variants } = flag.kills;
    const known = kill.variant === undefined ? all : variants.get(kill.variant);
    if (known && known.revision > kill.revision) continue;
    if (kill.variant === undefined) flag.kills.all = kill;
    else variants.set(kill.variant, kill);
  }
  for (const flag of killed) {
    const { part, index } = flag;
    part.killed.push(flag);
    part.chunks.killed[part.chunks.of[index] as number] = 1;
    serveKilled(flag);
  }
  compiled.killed = [...killed];
}

function restore({ killed, chunks, outcomes, predicates, wiring }: Part): void {
  for (const flag of killed) {
    flag.kills = null;
    flag.instead = null;
    flag.fixed = outcomes[constantResult(flag.entry)] ?? null;
    chunks.killed[chunks.of[flag.index] as number] = 0;
  }
  killed.length = 0;
  // Subjects prepared before must not remember what flags served before.
  if (wiring.canBlock) for (const predicate of predicates) predicate.memo = 0;
}

/** Works out once what people get whom a kill concerns. */
function serveKilled(flag: CompiledFlag): void {
  const { all, variants } = flag.kills as FlagKills;
  const killed = (serve: string | null) => {
    const variant = survivor(serve, flag, variants);
    return new EncodedOutcome(flag, { variant, reason: "DISABLED", cause: "killed", ruleId: null });
  };
  if (all !== null) flag.fixed = killed(all.serve);
  else {
    flag.fixed = null;
    flag.instead = new Map([...variants].map(([variant, { serve }]) => [variant, killed(serve)]));
  }
}

/**
 * Who would get a killed variant gets that kill's, which may be killed as well. Kills that lead in a circle, or to a
 * variant that the flag does not have, leave none.
 */
function survivor(serve: string | null, flag: CompiledFlag, kills: ReadonlyMap<string, Kill>): string | null {
  let variant = serve;
  for (let step = 0; variant !== null; step++) {
    if (!Object.hasOwn(flag.variants, variant)) return null;
    const kill = kills.get(variant);
    if (!kill) return variant;
    variant = step < kills.size ? kill.serve : null;
  }
  return null;
}
