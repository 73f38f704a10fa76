import type { Slug } from "../../../shared/schema/names.ts";
import type { BreakGlass } from "../../../shared/schema/pointer.ts";
import type { BreakGlassLane } from "../../kv/break-glass.ts";
import type { EdgeSources } from "./edge-sources.ts";
import { enforceKills } from "./kills-in-force.ts";
import type { ProjectState, ShownKill } from "./project-memory.ts";

/** Break-glass is looked up this often (ms) in good times and while the store is out of reach. */
const EVERY_MS = 15_000;
const URGENT_EVERY_MS = 5_000;
/** A kill stays in force for so long (ms) after KV last showed it: twice the minute that KV may show an older state. */
const HOLD_MS = 120_000;

/** Reads kills that were written straight to KV, and puts them in force. */
export class BreakGlassReader {
  readonly #sources: Pick<EdgeSources, "breakGlass" | "now" | "report">;

  constructor(sources: Pick<EdgeSources, "breakGlass" | "now" | "report">) {
    this.#sources = sources;
  }

  /** Does nothing when that was done lately. What was read before stays in force when it cannot be read now. */
  async read(state: ProjectState, urgent: boolean): Promise<void> {
    const { project } = state;
    const now = this.#sources.now();
    if (Math.abs(now - state.breakGlassAt) < (urgent ? URGENT_EVERY_MS : EVERY_MS)) return;
    try {
      state.breakGlassShown = shown(state.breakGlassShown, await this.#sources.breakGlass(project, urgent), now);
      state.breakGlass = byEnvironment(state.breakGlassShown);
      state.breakGlassAt = now;
    } catch (error) {
      this.#sources.report({ event: "break-glass-unreadable", project, error: String(error) });
      return;
    }
    for (const [name, loaded] of state.environments) enforceKills(state, name, loaded, 0);
  }
}

/**
 * What KV shows now, after what it showed lately. Only a tombstone lifts a kill at once: KV's copies differ in age, so
 * one that is not shown may have been left out by an older copy.
 */
function shown(before: readonly ShownKill[], lane: BreakGlassLane, now: number): ShownKill[] {
  const current = Object.entries(lane.environments).flatMap(([environment, kills]) =>
    kills.map((kill) => ({ environment: environment as Slug, kill, at: now })),
  );
  const ids = new Set(current.map(({ kill }) => kill.id));
  const held = before.filter(({ kill, at }) => !ids.has(kill.id) && (!lane.whole || Math.abs(now - at) < HOLD_MS));
  return [...held, ...current];
}

function byEnvironment(kills: readonly ShownKill[]): BreakGlass {
  const environments: BreakGlass["environments"] = {};
  for (const { environment, kill } of kills) {
    const others = environments[environment];
    if (others) others.push(kill);
    else environments[environment] = [kill];
  }
  return { environments };
}
