import { z } from "zod";
import { READER_VERSION } from "../../../shared/limits.ts";
import { mayStandIn } from "../../../shared/placement/placement.ts";
import type { Region } from "../../../shared/placement/regions.ts";
import { FREE_PACE } from "../../../shared/plan.ts";
import { type Manifest, manifest as manifestSchema } from "../../../shared/schema/manifest.ts";
import { type Slug, storedSlug } from "../../../shared/schema/names.ts";
import {
  breakGlass as breakGlassSchema,
  type Pointer,
  pointer as pointerSchema,
} from "../../../shared/schema/pointer.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import type { Env } from "../../env.ts";
import { readBreakGlass } from "../../kv/break-glass.ts";
import { kvSnapshotStore } from "../../kv/snapshot-store.ts";
import { log } from "../../log.ts";
import { placementProblem, settledPlacement } from "../../objects/placement.ts";
import { directory, flagStore, propagationReports, relay } from "../../objects/stubs.ts";
import { isFree } from "../../plan.ts";
import { within } from "../../within.ts";
import { cacheRoot, hasTrial, keepTrial, POINTER_TTL_S } from "./centre-cache.ts";
import { CACHE_PATIENCE_MS, type EdgeSources, patiently } from "./edge-sources.ts";

/** A data centre reads the break-glass document at most this often (s). */
const BREAK_GLASS_TTL_S = 15;
/** The copy of last resort lives this long (s). */
const LAST_SNAPSHOT_TTL_S = 30 * 86_400;
/** A data centre asks for the list of projects at most this often (s), however many isolates need it. */
const NAMES_TTL_S = 2;
/** That a version was reported is remembered so long (s) by a data centre; reported again, it writes nothing. */
const REPORT_TTL_S = 86_400;
/** A call that takes longer counts as failed (ms): its request has stopped waiting long before. */
const CALL_TIMEOUT_MS = 5_000;

/** What one data centre keeps for its isolates. Each kind is a path of its own. */
type Kept = "pointer" | "claim" | "report" | "break-glass" | "last" | "block" | "projects";

/**
 * A key of `caches.default`. The URL parser would resolve "..", so nothing but parsed names may come here; they are
 * encoded all the same.
 */
const cacheUrl = (kept: Kept, ...names: Slug[]): string =>
  `${cacheRoot()}/${[kept, ...names.map(encodeURIComponent)].join("/")}`;

const blockUrl = (project: Slug, environment: Slug, hash: string): string => {
  if (!BLOCK_HASH.test(hash)) throw new Error("a block is named by a hash");
  return `${cacheUrl("block", project, environment)}/${hash}`;
};
const BLOCK_HASH = /^[0-9a-f]{64}$/;

/** What is kept says of which project it is. */
const keptBreakGlass = breakGlassSchema.extend({ project: z.string(), whole: z.boolean().default(true) });
const keptNames = z.array(z.string());
/** As much of a snapshot as tells whose it is; what cannot be compiled is found out there. */
const keptSnapshot = z.looseObject({
  minReader: z.int().max(READER_VERSION),
  project: z.string(),
  environment: z.string(),
  epoch: z.int().min(1),
  revision: z.int().min(0),
  flags: z.looseObject({}),
  keys: z.array(z.looseObject({ id: z.string(), hash: z.string() })),
  kills: z.array(z.looseObject({ id: z.string(), flag: z.string() })),
});

/** Fields of later versions do no harm: `minReader` says when they would. */
const keptManifest = z.object({ ...manifestSchema.shape, minReader: z.int().max(READER_VERSION) });
const keptLast = z.union([keptManifest, keptSnapshot]);
const timed = <T>(work: Promise<T>): Promise<T> => within(CALL_TIMEOUT_MS, work);

/** An object's answer, read and looked at. */
function pointerOf(project: Slug, answered: unknown): Pointer {
  const pointer = pointerSchema.parse(answered);
  if (pointer.project !== project) throw new Error(`the store of ${project} answered for ${pointer.project}`);
  return pointer;
}

/** Where an isolate runs; null until a request has told it, or where it cannot be known. */
export interface IsolatePlace {
  readonly colo: string | null;
  readonly region: Region | null;
}

/** The real things behind the lane: Cache API, Durable Objects, KV and clock. */
export function edgeSources(env: Env, place: IsolatePlace): EdgeSources {
  const snapshots = kvSnapshotStore(env.SNAPSHOTS);
  const cache = caches.default;
  /** What was kept, if it is JSON of this form. Anything else was not kept by us, and counts as nothing. */
  const kept = async <S extends z.ZodType>(url: string, schema: S): Promise<z.infer<S> | null> => {
    const hit = await cache.match(url);
    if (!hit) return null;
    try {
      const parsed = schema.safeParse(await hit.json());
      if (parsed.success) return parsed.data;
    } catch {
      // No JSON, or cut off.
    }
    log({ event: "cache-entry-refused", url });
    return null;
  };
  const keep = (url: string, body: string, seconds: number): Promise<void> =>
    cache.put(
      url,
      new Response(body, { headers: { "Cache-Control": `max-age=${seconds}`, "Content-Type": "application/json" } }),
    );
  return {
    pace: isFree(env) ? FREE_PACE : 1,
    now: () => Date.now(),
    random: () => Math.random(),
    colo: () => place.colo,
    wait: (ms) => scheduler.wait(ms),
    async cachedPointer(project) {
      const pointer = await kept(cacheUrl("pointer", project), pointerSchema);
      return pointer?.project === project ? pointer : null;
    },
    keepPointer: (pointer) => keep(cacheUrl("pointer", pointer.project), JSON.stringify(pointer), POINTER_TTL_S),
    claimedAt: (project) => kept(cacheUrl("claim", project), z.number()),
    claim: (project) => keep(cacheUrl("claim", project), String(Date.now()), POINTER_TTL_S),
    async tryCache() {
      const name = crypto.randomUUID();
      await keepTrial(name);
      return (await patiently({ wait: (ms) => scheduler.wait(ms) }, CACHE_PATIENCE_MS, hasTrial(name))) ?? false;
    },
    // A relay that is asked all day would use up the requests that Workers Free allows.
    hasRelay: () => !isFree(env) && place.region !== null && mayStandIn(settledPlacement(env), place.region),
    async relayPointer(project) {
      const { region } = place;
      const answered = region && (await timed(relay(env, project, region).pointer(project, region)));
      if (answered === null) return null;
      return { pointer: pointerOf(project, answered.pointer), ageMs: z.number().min(0).parse(answered.ageMs) };
    },
    async storePointer(project) {
      const answered = await timed(flagStore(env, project).pointer());
      if (answered !== null) return pointerOf(project, answered);
      // No data in these objects may mean that they are not those which hold it.
      const problem = await placementProblem(env);
      if (problem !== null) throw new Error(problem);
      return null;
    },
    async claimReport(project, environment, version) {
      if (isFree(env)) return false;
      const url = cacheUrl("report", project, storedSlug(environment), storedSlug(version));
      if ((await kept(url, z.number())) !== null) return false;
      await keep(url, String(Date.now()), REPORT_TTL_S);
      return true;
    },
    async sendReport(project, report) {
      if (isFree(env)) return;
      await timed(propagationReports(env, project).take(project, report));
    },
    kvSnapshot: (key) => timed(snapshots.get(key)),
    storeSnapshot: (project, environment, hash) => timed(flagStore(env, project).snapshot(environment, hash)),
    storeBlock: (project, environment, hash) => timed(flagStore(env, project).block(environment, hash)),
    async breakGlass(project, urgent) {
      const url = cacheUrl("break-glass", project);
      const copy = urgent ? null : await kept(url, keptBreakGlass);
      if (copy?.project === project) return copy;
      const found = await timed(readBreakGlass(env.SNAPSHOTS, project));
      await keep(url, JSON.stringify({ ...found, project }), BREAK_GLASS_TTL_S);
      return found;
    },
    async lastSnapshot(project, environment) {
      const last = await kept(cacheUrl("last", project, environment), keptLast);
      const same = last?.project === project && last.environment === environment;
      return same ? (last as unknown as Snapshot | Manifest) : null;
    },
    keepLastSnapshot: (project, environment, body) =>
      keep(cacheUrl("last", project, environment), body, LAST_SNAPSHOT_TTL_S),
    lastBlock: async (project, environment, hash) =>
      (await (await cache.match(blockUrl(project, environment, hash)))?.text()) ?? null,
    keepLastBlock: (project, environment, hash, text) =>
      keep(blockUrl(project, environment, hash), text, LAST_SNAPSHOT_TTL_S),
    async projectNames() {
      const url = cacheUrl("projects");
      const copy = await kept(url, keptNames);
      if (copy) return copy;
      const names = (await timed(directory(env).listProjects())).map(({ key }) => key);
      await keep(url, JSON.stringify(names), NAMES_TTL_S);
      return names;
    },
    report: log,
  };
}
