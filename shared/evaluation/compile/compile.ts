import type { Snapshot } from "../../schema/snapshot.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { DialectSource } from "../model/dialects.ts";
import type { RegexEngine } from "../model/search.ts";
import { inOneGo } from "../slices.ts";
import { compileParts, type PartSource } from "./compile-parts.ts";

export type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
export { DialectsMissing } from "./dialects-missing.ts";
export { applyKills } from "./kills.ts";
export { staleKills } from "./stale-kills.ts";

/** Flags that are compiled in one go. */
const RUN = 256;

/**
 * Compiles a snapshot that passed the schema. Throws DialectsMissing where it has conditions of other vendors and no
 * `dialects` are given; what this version does not know at all throws too. Nothing else does: what is missing (variants, segments, flags, layers)
 * or runs in circles evaluates to off. The snapshot must not be changed afterwards; its own kills are in force.
 */
export const compile = (snapshot: Snapshot, regex: RegexEngine, dialects?: DialectSource): CompiledSnapshot =>
  inOneGo(compileParts(null, snapshot, partsOf(snapshot), regex, undefined, dialects));

/** Runs of flags in the order of their keys; all other documents are beside the last. */
function partsOf({ flags, segments, layers, holdouts }: Snapshot): PartSource[] {
  const all = Object.entries(flags).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts: PartSource[] = [];
  do {
    const run = Object.fromEntries(all.splice(0, RUN));
    const others = all.length === 0 ? { segments, layers, holdouts } : { segments: {}, layers: {}, holdouts: {} };
    parts.push({ hash: "", documents: () => ({ flags: run, ...others }) });
  } while (all.length > 0);
  return parts;
}
