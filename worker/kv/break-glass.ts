import { type BreakGlass, breakGlass } from "../../shared/schema/pointer.ts";
import type { Kill } from "../../shared/schema/snapshot.ts";

/** `break-glass/{project}`: one small document, read by every edge. */
const keyOf = (project: string): string => `break-glass/${project}`;
/** How long KV itself may serve an older copy (s): its least setting, and the bound of this lane. */
const CACHE_TTL_S = 30;

const NOTHING: BreakGlass = { environments: {} };

export async function readBreakGlass(namespace: KVNamespace, project: string): Promise<BreakGlass> {
  const text = await namespace.get(keyOf(project), { type: "text", cacheTtl: CACHE_TTL_S });
  return text === null ? NOTHING : breakGlass.parse(JSON.parse(text));
}

/**
 * Adds a kill by reading and rewriting the document: KV has no transactions and may show what it held up to a minute
 * ago, so of two kills within that time one may be lost. The answer lists what is in force; whoever presses looks, and
 * presses again.
 */
export async function addBreakGlassKill(
  namespace: KVNamespace,
  project: string,
  environment: string,
  kill: Kill,
): Promise<BreakGlass> {
  const now = await readBreakGlass(namespace, project);
  const others = (now.environments[environment] ?? []).filter(
    (one) => one.flag !== kill.flag || one.variant !== kill.variant,
  );
  const next = { environments: { ...now.environments, [environment]: [...others, kill] } };
  await namespace.put(keyOf(project), JSON.stringify(next));
  return next;
}

/** Takes kills out again, after the store has published their tombstones. */
export async function removeBreakGlassKills(
  namespace: KVNamespace,
  project: string,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const now = await readBreakGlass(namespace, project);
  const environments = Object.fromEntries(
    Object.entries(now.environments).map(([environment, kills]) => [
      environment,
      kills.filter((kill) => !ids.includes(kill.id)),
    ]),
  );
  const before = Object.values(now.environments).flat().length;
  if (Object.values(environments).flat().length === before) return;
  await namespace.put(keyOf(project), JSON.stringify({ environments }));
}
