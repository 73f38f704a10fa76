import type { EdgeSources } from "./edge-sources.ts";
import { enforceKills } from "./kills-in-force.ts";
import type { ProjectState } from "./project-memory.ts";

/** Break-glass is looked up this often (ms) in good times and while the store is out of reach. */
const EVERY_MS = 15_000;
const URGENT_EVERY_MS = 5_000;

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
      state.breakGlass = await this.#sources.breakGlass(project, urgent);
      state.breakGlassAt = now;
    } catch (error) {
      this.#sources.report({ event: "break-glass-unreadable", project, error: String(error) });
      return;
    }
    for (const [name, loaded] of state.environments) enforceKills(state, name, loaded, 0);
  }
}
