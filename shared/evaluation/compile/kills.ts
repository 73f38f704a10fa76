import type { Kill } from "../../schema/snapshot.ts";
import type { CompiledFlag, FlagKills } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { Outcome } from "../model/outcome.ts";
import { EncodedOutcome } from "./encoded-outcome.ts";
import { constantResult } from "./program.ts";

/**
 * Replaces the kills in force; the caller unites snapshot's and pointer's. Of several kills of one target the one
 * of the highest revision counts, the later in the list among equals. Kills of flags that do not exist are
 * ignored. Compiles nothing: costs as much as there are kills, and forgets what was remembered of conditions.
 */
export function applyKills(compiled: CompiledSnapshot, kills: readonly Kill[]): void {
  const { chunks } = compiled;
  for (const flag of compiled.killed) {
    flag.kills = null;
    flag.instead = null;
    flag.fixed = fixedBeneathKills(compiled, flag);
    chunks.killed[chunks.of[flag.index] as number] = 0;
  }
  const killed = new Set<CompiledFlag>();
  for (const kill of kills) {
    const flag = compiled.flags.get(kill.flag);
    if (!flag) continue;
    killed.add(flag);
    chunks.killed[chunks.of[flag.index] as number] = 1;
    flag.kills ??= { all: null, variants: new Map() };
    const { all, variants } = flag.kills;
    const known = kill.variant === undefined ? all : variants.get(kill.variant);
    if (known && known.revision > kill.revision) continue;
    if (kill.variant === undefined) flag.kills.all = kill;
    else variants.set(kill.variant, kill);
  }
  for (const flag of killed) serveKilled(flag);
  compiled.killed = [...killed];
  // Subjects prepared before must not remember what flags served before.
  for (const predicate of compiled.predicates) predicate.memo = 0;
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

function fixedBeneathKills({ program, outcomes }: CompiledSnapshot, { index }: CompiledFlag): Outcome | null {
  return outcomes[constantResult(program, index)] ?? null;
}
