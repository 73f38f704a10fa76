import { type Placement, placementOf } from "../../shared/placement/placement.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { within } from "../within.ts";
import type { DirectoryMethods } from "./directory/methods.ts";
import { durableStub, PlacementRefused } from "./kernel/durable-stub.ts";

/** Where it is written down, in KV, which has no jurisdiction of its own: under it lies the jurisdiction, or `NONE`. */
export const PLACEMENT_KEY = "installation/jurisdiction";
const NONE = "none";
/** Calls of KV that take longer count as failed (ms). */
const PATIENCE_MS = 5_000;
/** A refusal is looked at again after this long (ms): somebody may have put the setting right. */
const REFUSED_MS = 60_000;

/** The settings; a wrong one opens no object. */
export function settledPlacement(env: Pick<Env, "JURISDICTION" | "LOCATION_HINT">): Placement {
  const placement = placementOf(env);
  if ("problem" in placement) throw new PlacementRefused(placement.problem);
  return placement;
}

/** The namespace as the settings place its objects. */
export function placed(env: Env, namespace: DurableObjectNamespace): DurableObjectNamespace {
  const { jurisdiction } = settledPlacement(env);
  return jurisdiction === null ? namespace : namespace.jurisdiction(jurisdiction);
}

/** What was found out in this isolate: by setting, when it was refused and why; null: it holds. */
const found = new Map<string, { at: number; problem: string | null }>();

/** @internal Tests begin as a new isolate does. */
export const forgetPlacements = (): void => found.clear();

/**
 * Why the settings cannot be those that hold this installation's data; null: they can. Objects of another jurisdiction
 * are other objects, so that a changed setting would show an empty installation beside the real one.
 */
export async function placementProblem(env: Env): Promise<string | null> {
  const placement = placementOf(env);
  if ("problem" in placement) return placement.problem;
  const wanted = placement.jurisdiction ?? NONE;
  const known = found.get(wanted);
  if (known && (known.problem === null || Math.abs(Date.now() - known.at) < REFUSED_MS)) return known.problem;
  let problem: string | null;
  try {
    problem = await compared(env, wanted);
  } catch (error) {
    // Without KV nothing is known; an installation that was well a minute ago goes on.
    log({ event: "placement-unknown", error: String(error) });
    return null;
  }
  found.set(wanted, { at: Date.now(), problem });
  if (problem !== null) log({ event: "placement-refused", problem });
  return problem;
}

async function compared(env: Env, wanted: string): Promise<string | null> {
  const written = await within(PATIENCE_MS, env.SNAPSHOTS.get(PLACEMENT_KEY));
  const holds = written ?? (await unwritten(env, wanted));
  if (holds === wanted) {
    if (written === null) await within(PATIENCE_MS, env.SNAPSHOTS.put(PLACEMENT_KEY, wanted));
    return null;
  }
  const [setting, former] = [wanted === NONE ? "is not set" : `is "${wanted}"`, holds === NONE ? "none" : `"${holds}"`];
  return `JURISDICTION ${setting}, and this installation's data lies in ${former}. Objects of another jurisdiction are other, empty ones, so nothing is opened. Set it back; to move, take a backup of each project, deploy under another name with the new jurisdiction, and restore there (docs/upgrading.md, "Placement").`;
}

/** Installations of earlier versions wrote nothing down and have no jurisdiction; one without projects may choose. */
async function unwritten(env: Env, wanted: string): Promise<string> {
  if (wanted === NONE) return NONE;
  const projects = await durableStub<DirectoryMethods>(env.DIRECTORY, "directory").listProjects();
  return projects.length > 0 ? NONE : wanted;
}
