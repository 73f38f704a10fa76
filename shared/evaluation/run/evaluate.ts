import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { Outcome } from "../model/outcome.ts";
import { outcomeOf } from "./execute.ts";
import { type Audience, forSnapshot, type Subject } from "./subject.ts";

export type { Outcome } from "../model/outcome.ts";
/** @public Benchmarks load it from here, of other checkouts too. */
export { evaluateAll } from "./bulk.ts";
export { type Audience, type Memberships, prepare, type Subject } from "./subject.ts";

/** What a flag serves a subject; undefined when there is no such flag. Never throws. */
export function evaluate(compiled: CompiledSnapshot, flagKey: string, subject: Subject): Outcome | undefined {
  const flag = compiled.flags.get(flagKey);
  return flag === undefined ? undefined : outcomeOf(flag, forSnapshot(compiled, subject));
}

/** Whether this audience may learn of the outcome, and so of its flag. */
export function visibleTo(outcome: Outcome, audience: Audience): boolean {
  return audience === "server" || outcome.clientVisible;
}

/**
 * What a flag serves a subject; undefined when there is no such flag, or when this audience may not learn of it. A flag
 * that client keys never learn of is not evaluated for them, so it takes as long as one that does not exist.
 */
export function evaluateFor(
  compiled: CompiledSnapshot,
  flagKey: string,
  subject: Subject,
  audience: Audience,
): Outcome | undefined {
  const flag = compiled.flags.get(flagKey);
  if (flag === undefined || (audience === "client" && flag.visibility === "server-only")) return undefined;
  const outcome = outcomeOf(flag, forSnapshot(compiled, subject));
  return visibleTo(outcome, audience) ? outcome : undefined;
}
