import type { EdgeSources } from "./edge-sources.ts";
import { enforceKills } from "./kills-in-force.ts";
import { type HeldPointer, killsInForce, namedIn, refreshAgeOf, supersedes } from "./pointer-lane.ts";
import type { ProjectState } from "./project-memory.ts";
import { noteServed } from "./served-reports.ts";

/** Takes a pointer over, unless it is older than the one held. Its kills apply before any snapshot is fetched. */
export function adoptPointer(
  state: ProjectState,
  next: HeldPointer,
  sources: Pick<EdgeSources, "now" | "random">,
): void {
  const held = state.held;
  if (!supersedes(next.pointer, held?.pointer)) return;
  const { epoch, revision } = next.pointer;
  const same = held !== null && held.pointer.revision === revision && held.pointer.epoch === epoch;
  // The same pointer once more is as old as its younger copy.
  const stampedAt = same ? Math.max(next.stampedAt, Math.min(held.stampedAt, sources.now())) : next.stampedAt;
  // Revisions of another epoch cannot be waited for: the store was rebuilt and counts on from its backup.
  if (held && held.pointer.epoch !== epoch) state.requiredRevision = 0;
  if (stampedAt !== held?.stampedAt) state.refreshAge = refreshAgeOf(sources.random());
  state.held = { pointer: next.pointer, stampedAt };
  for (const [environment, loading] of state.loading) if (!namedIn(next, environment)) loading.stop();
  for (const [environment, loaded] of state.environments) {
    const named = namedIn(next, environment);
    if (!named) {
      state.environments.delete(environment);
      continue;
    }
    loaded.kills = killsInForce(loaded.kills, loaded, { ...named, epoch });
    enforceKills(state, environment, loaded, 0);
    if (held && held.pointer.revision < revision)
      noteServed(state, { environment, lane: "kill", revision, at: sources.now() });
  }
}
