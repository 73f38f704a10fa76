import type { EdgeSources } from "./edge-sources.ts";
import { enforceKills } from "./kills-in-force.ts";
import { type HeldPointer, killsInForce, namedIn, refreshAgeOf, STALE_MS, supersedes } from "./pointer-lane.ts";
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
  state.staleAge = stampedAt === next.stampedAt ? (next.staleAge ?? STALE_MS) : state.staleAge;
  state.held = { pointer: next.pointer, stampedAt };
  for (const [environment, loading] of state.loading) if (!namedIn(next, environment)) loading.stop();
  for (const [environment, loaded] of state.environments) {
    const named = namedIn(next, environment);
    if (!named) {
      state.environments.delete(environment);
      continue;
    }
    const before = new Set(loaded.kills.map(({ id }) => id));
    loaded.kills = killsInForce(loaded.kills, loaded, { ...named, epoch });
    enforceKills(state, environment, loaded, 0);
    // The pointer alone puts kills in force, and nothing else.
    if (held && loaded.kills.some(({ id }) => !before.has(id)))
      noteServed(state, { environment, lane: "kill", epoch, revision, at: sources.now() });
  }
}
