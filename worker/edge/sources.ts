import { READER_VERSION } from "../../shared/limits.ts";
import { breakGlass as breakGlassSchema, pointer as pointerSchema } from "../../shared/schema/pointer.ts";
import type { Snapshot } from "../../shared/schema/snapshot.ts";
import { flagStore } from "../durable/stubs.ts";
import type { Env } from "../env.ts";
import { readBreakGlass } from "../kv/break-glass.ts";
import { kvSnapshotStore } from "../kv/snapshot-store.ts";
import { log } from "../log.ts";
import { within } from "../within.ts";
import type { EdgeSources } from "./edge.ts";

/** The data centre's copy of a pointer lives this long (s): one look-up a second and data centre. */
const POINTER_TTL_S = 1;
/** A data centre reads the break-glass document at most this often (s). */
const BREAK_GLASS_TTL_S = 15;
/** The copy of last resort lives this long (s). */
const LAST_SNAPSHOT_TTL_S = 30 * 86_400;
const TRIAL_TTL_S = 10;
/** A call that takes longer counts as failed (ms): its request has stopped waiting long before. */
const CALL_TIMEOUT_MS = 5_000;

/** Keys of `caches.default`; the host is reserved and never resolves. */
const pointerUrl = (project: string) => `https://blastdoor.invalid/pointer/${project}`;
const claimUrl = (project: string) => `https://blastdoor.invalid/claim/${project}`;
const breakGlassUrl = (project: string) => `https://blastdoor.invalid/break-glass/${project}`;
const lastUrl = (project: string, environment: string) => `https://blastdoor.invalid/last/${project}/${environment}`;

const timed = <T>(work: Promise<T>): Promise<T> => within(CALL_TIMEOUT_MS, work);

/** The real things behind the lane: Cache API, Durable Object, KV and clock. */
export function edgeSources(env: Env, colo: string): EdgeSources {
  const snapshots = kvSnapshotStore(env.SNAPSHOTS);
  const cache = caches.default;
  return {
    now: () => Date.now(),
    random: () => Math.random(),
    colo: () => colo,
    wait: (ms) => scheduler.wait(ms),
    async cachedPointer(project) {
      const hit = await cache.match(pointerUrl(project));
      return hit ? pointerSchema.parse(await hit.json()) : null;
    },
    async keepPointer(pointer) {
      const headers = { "Cache-Control": `max-age=${POINTER_TTL_S}`, "Content-Type": "application/json" };
      await cache.put(pointerUrl(pointer.project), new Response(JSON.stringify(pointer), { headers }));
    },
    async claimedAt(project) {
      const hit = await cache.match(claimUrl(project));
      return hit ? Number(await hit.text()) : null;
    },
    async claim(project) {
      const headers = { "Cache-Control": `max-age=${POINTER_TTL_S}` };
      await cache.put(claimUrl(project), new Response(String(Date.now()), { headers }));
    },
    async tryCache() {
      const url = `https://blastdoor.invalid/trial/${crypto.randomUUID()}`;
      await cache.put(url, new Response("kept", { headers: { "Cache-Control": `max-age=${TRIAL_TTL_S}` } }));
      return (await cache.match(url)) !== undefined;
    },
    async storePointer(project, report) {
      const answered = await timed(flagStore(env, project).pointer(report));
      return answered && pointerSchema.parse(answered);
    },
    kvSnapshot: (key) => timed(snapshots.get(key)),
    storeSnapshot: (project, environment, hash) => timed(flagStore(env, project).snapshot(environment, hash)),
    async breakGlass(project, urgent) {
      const hit = urgent ? undefined : await cache.match(breakGlassUrl(project));
      if (hit) return breakGlassSchema.parse(await hit.json());
      const found = await timed(readBreakGlass(env.SNAPSHOTS, project));
      const headers = { "Cache-Control": `max-age=${BREAK_GLASS_TTL_S}`, "Content-Type": "application/json" };
      await cache.put(breakGlassUrl(project), new Response(JSON.stringify(found), { headers }));
      return found;
    },
    async lastSnapshot(project, environment) {
      const hit = await cache.match(lastUrl(project, environment));
      if (!hit) return null;
      const snapshot = (await hit.json()) as Snapshot;
      return snapshot.minReader <= READER_VERSION ? snapshot : null;
    },
    async keepLastSnapshot(project, environment, body) {
      const headers = { "Cache-Control": `max-age=${LAST_SNAPSHOT_TTL_S}`, "Content-Type": "application/json" };
      await cache.put(lastUrl(project, environment), new Response(body, { headers }));
    },
    report: log,
  };
}
