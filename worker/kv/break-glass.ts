import { z } from "zod";
import { ownOf } from "../../shared/own.ts";
import { parseSlug, type Slug } from "../../shared/schema/names.ts";
import { type BreakGlass, breakGlass } from "../../shared/schema/pointer.ts";
import { slug } from "../../shared/schema/primitives.ts";
import { type Kill, kill } from "../../shared/schema/snapshot.ts";
import { log } from "../log.ts";
import { within } from "../within.ts";

const PREFIX = "break-glass/";
/**
 * `break-glass/{project}`: says that there are kills to list, and repeats them as far as the last press saw them. While
 * there is none, an edge pays for one read and lists nothing. Versions that knew no keys of kills kept all of them here.
 */
const indexKey = (project: Slug): string => PREFIX + project;
/** `break-glass/{project}/{id}`: one kill, written once. Presses that do not see each other cannot overwrite it. */
export const breakGlassKillKey = (project: Slug, id: string): string => `${PREFIX}${project}/${id}`;

/** How long KV itself may serve an older copy of the index (s): its least setting. */
const CACHE_TTL_S = 30;
/** The index outlives the last press by so long (s). The cron renews it while there are kills. */
const INDEX_TTL_S = 30 * 86_400;
const RENEW_BELOW_S = INDEX_TTL_S / 2;
/** A list that takes longer (ms) counts as failed: what the index repeats must not wait for it. */
const LIST_TIMEOUT_MS = 2_000;
/** KV takes one write a second of a key: a second press in that second waits for so long (ms), twice at most. */
const REWRITE_AFTER_MS = 1_100;
const REWRITES = 2;

const NOTHING: BreakGlassLane = { environments: {}, whole: true };
const documentShape = z.object({ environments: z.record(z.string(), z.unknown()) });
const killsShape = z.array(z.unknown());
/** What lies in the metadata of a kill's key, so that one list reads all of them, and in its value, for people. */
const pressed = z.object({ environment: slug, kill, at: z.number() });
type Pressed = z.infer<typeof pressed>;

/** Kills of the break-glass lane. Not `whole`: KV did not list, or the index is damaged, so there may be more. */
export interface BreakGlassLane extends BreakGlass {
  readonly whole: boolean;
}

/** The kills in KV, the latest press of an environment last. */
export async function readBreakGlass(namespace: KVNamespace, project: Slug): Promise<BreakGlassLane> {
  const index = await readIndex(namespace, project);
  return index === null ? NOTHING : withListed(namespace, project, index);
}

/** Unites what the index repeats with the keys themselves. */
async function withListed(namespace: KVNamespace, project: Slug, index: BreakGlassLane): Promise<BreakGlassLane> {
  try {
    const environments = united(index, await within(LIST_TIMEOUT_MS, listed(namespace, project)));
    return { environments, whole: index.whole };
  } catch (error) {
    log({ event: "break-glass-not-listed", project, error: String(error) });
    return { ...index, whole: false };
  }
}

/** The kills that have a key, the oldest press first. */
async function listed(namespace: KVNamespace, project: Slug): Promise<Pressed[]> {
  const prefix = `${indexKey(project)}/`;
  const found: Pressed[] = [];
  for await (const { name, metadata } of keysUnder(namespace, prefix)) {
    const one = pressed.safeParse(metadata);
    if (one.success && one.data.kill.id === name.slice(prefix.length)) found.push(one.data);
    else log({ event: "break-glass-damaged", project, key: name });
  }
  return found.sort((a, b) => a.at - b.at);
}

async function* keysUnder(namespace: KVNamespace, prefix: string) {
  for (let cursor: string | undefined; ; ) {
    const page = await namespace.list<unknown>(cursor === undefined ? { prefix } : { prefix, cursor });
    yield* page.keys;
    if (page.list_complete) return;
    cursor = page.cursor;
  }
}

function united(index: BreakGlass, found: readonly Pressed[]): BreakGlass["environments"] {
  const ids = new Set(found.map((one) => one.kill.id));
  const environments: BreakGlass["environments"] = {};
  for (const [environment, kills] of Object.entries(index.environments))
    environments[environment as Slug] = kills.filter(({ id }) => !ids.has(id));
  for (const one of found) environments[one.environment] = [...(ownOf(environments, one.environment) ?? []), one.kill];
  return environments;
}

/** The index with everything in it that can be read: damage in it neither stops a kill nor hides the kills beside it. */
async function readIndex(namespace: KVNamespace, project: Slug): Promise<BreakGlassLane | null> {
  const text = await namespace.get(indexKey(project), { type: "text", cacheTtl: CACHE_TTL_S });
  if (text === null) return null;
  const whole = breakGlass.safeParse(jsonOf(text));
  if (whole.success) return { ...whole.data, whole: true };
  log({ event: "break-glass-damaged", project });
  const environments: BreakGlass["environments"] = {};
  for (const [name, kills] of Object.entries(documentShape.safeParse(jsonOf(text)).data?.environments ?? {})) {
    const environment = parseSlug(name);
    const readable = (killsShape.safeParse(kills).data ?? []).flatMap((one) => kill.safeParse(one).data ?? []);
    if (environment !== null && readable.length > 0) environments[environment] = readable;
  }
  return { environments, whole: false };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Writes a kill under a key of its own, and then the index that makes edges list it. KV has no transactions and may
 * show what it held a minute ago: the index may forget what another press wrote into it, the key of that kill stays.
 *
 * @returns this kill, and the others as far as KV shows them
 */
export async function addBreakGlassKill(
  namespace: KVNamespace,
  project: Slug,
  environment: Slug,
  added: Kill,
): Promise<BreakGlass> {
  const one: Pressed = { environment, kill: added, at: Date.now() };
  await namespace.put(breakGlassKillKey(project, added.id), JSON.stringify(one), { metadata: one });
  const seen = await withListed(namespace, project, (await readIndex(namespace, project)) ?? NOTHING);
  const others = (ownOf(seen.environments, environment) ?? []).filter(
    (other) => other.flag !== added.flag || other.variant !== added.variant,
  );
  const next = { environments: { ...seen.environments, [environment]: [...others, added] } };
  await putIndex(namespace, project, next, REWRITES);
  return next;
}

async function putIndex(namespace: KVNamespace, project: Slug, index: BreakGlass, rewrites: number): Promise<void> {
  const { environments } = index;
  const put = () => namespace.put(indexKey(project), JSON.stringify({ environments }), { expirationTtl: INDEX_TTL_S });
  for (let left = rewrites; ; left--) {
    try {
      return await put();
    } catch (error) {
      if (left === 0) throw error;
      await scheduler.wait(REWRITE_AFTER_MS);
    }
  }
}

/**
 * Takes kills out again, after the store has published their tombstones. The index itself stays until it expires: a
 * press that is not visible here yet needs it.
 *
 * @returns how many of them KV still showed
 */
export async function removeBreakGlassKills(
  namespace: KVNamespace,
  project: Slug,
  ids: readonly string[],
): Promise<number> {
  if (ids.length === 0) return 0;
  const gone = new Set(ids);
  const found = (await listed(namespace, project)).filter((one) => gone.has(one.kill.id));
  for (const one of found) await namespace.delete(breakGlassKillKey(project, one.kill.id));
  const index = (await readIndex(namespace, project)) ?? NOTHING;
  const repeated = Object.values(index.environments).flat();
  const named = repeated.filter(({ id }) => gone.has(id)).length;
  if (named === 0) return found.length;
  const environments = Object.fromEntries(
    Object.entries(index.environments).map(([environment, kills]) => [
      environment,
      kills.filter(({ id }) => !gone.has(id)),
    ]),
  );
  await putIndex(namespace, project, { environments }, 0);
  return Math.max(found.length, named);
}

/** Writes the index of each project anew that has kills and whose index is gone or soon expires. For the cron. */
export async function renewBreakGlassIndexes(namespace: KVNamespace, now: number): Promise<void> {
  const expires = new Map<string, number>();
  const killed = new Set<string>();
  for await (const { name, expiration } of keysUnder(namespace, PREFIX)) {
    const [project = "", id] = name.slice(PREFIX.length).split("/");
    if (id === undefined) expires.set(project, expiration ?? Number.POSITIVE_INFINITY);
    else killed.add(project);
  }
  for (const name of killed) {
    const project = parseSlug(name);
    if (project === null || (expires.get(name) ?? 0) > now / 1_000 + RENEW_BELOW_S) continue;
    const lane = await withListed(namespace, project, (await readIndex(namespace, project)) ?? NOTHING);
    await putIndex(namespace, project, lane, 0);
  }
}
