import { z } from "zod";
import { ownOf } from "../../shared/own.ts";
import { parseSlug, type Slug } from "../../shared/schema/names.ts";
import { type BreakGlass, breakGlass } from "../../shared/schema/pointer.ts";
import { type Kill, kill } from "../../shared/schema/snapshot.ts";
import { log } from "../log.ts";

/** `break-glass/{project}`: one small document, read by every edge. */
const keyOf = (project: Slug): string => `break-glass/${project}`;
/** How long KV itself may serve an older copy (s): its least setting, and the bound of this lane. */
const CACHE_TTL_S = 30;

const NOTHING: BreakGlass = { environments: {} };
const documentShape = z.object({ environments: z.record(z.string(), z.unknown()) });
const killsShape = z.array(z.unknown());

export async function readBreakGlass(namespace: KVNamespace, project: Slug): Promise<BreakGlass> {
  const text = await namespace.get(keyOf(project), { type: "text", cacheTtl: CACHE_TTL_S });
  return text === null ? NOTHING : breakGlass.parse(JSON.parse(text));
}

/**
 * The document with everything in it that can be read. For those who write it: damage in it must neither stop a kill nor
 * take along the kills beside it.
 */
async function readableBreakGlass(namespace: KVNamespace, project: Slug): Promise<BreakGlass> {
  const text = await namespace.get(keyOf(project), { type: "text", cacheTtl: CACHE_TTL_S });
  if (text === null) return NOTHING;
  const whole = breakGlass.safeParse(jsonOf(text));
  if (whole.success) return whole.data;
  log({ event: "break-glass-damaged", project });
  const environments: BreakGlass["environments"] = {};
  for (const [name, kills] of Object.entries(documentShape.safeParse(jsonOf(text)).data?.environments ?? {})) {
    const environment = parseSlug(name);
    const readable = (killsShape.safeParse(kills).data ?? []).flatMap((one) => kill.safeParse(one).data ?? []);
    if (environment !== null && readable.length > 0) environments[environment] = readable;
  }
  return { environments };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Adds a kill by reading and rewriting the document: KV has no transactions and may show what it held up to a minute
 * ago, so of two kills within that time one may be lost. The answer lists what is in force; whoever presses looks, and
 * presses again.
 */
export async function addBreakGlassKill(
  namespace: KVNamespace,
  project: Slug,
  environment: Slug,
  added: Kill,
): Promise<BreakGlass> {
  const now = await readableBreakGlass(namespace, project);
  const others = (ownOf(now.environments, environment) ?? []).filter(
    (one) => one.flag !== added.flag || one.variant !== added.variant,
  );
  const next = { environments: { ...now.environments, [environment]: [...others, added] } };
  await namespace.put(keyOf(project), JSON.stringify(next));
  return next;
}

/** Takes kills out again, after the store has published their tombstones. */
export async function removeBreakGlassKills(
  namespace: KVNamespace,
  project: Slug,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const now = await readableBreakGlass(namespace, project);
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
