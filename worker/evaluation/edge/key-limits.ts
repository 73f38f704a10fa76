import type { SnapshotKey } from "../../../shared/schema/snapshot.ts";
import type { Env } from "../../env.ts";
import { networkPrefix } from "../../http/network-prefix.ts";
import { isolateUsage } from "./isolate-usage.ts";
import type { Loaded } from "./loaded.ts";
import { keyRates, storingRates } from "./rate-limit.ts";

type WaitUntil = (work: Promise<unknown>) => void;

/**
 * Takes one request off the key's own limit. Every route that a key opens asks here once a request, as soon as the key
 * is recognised; what is refused is counted in the key's usage.
 *
 * @returns 0: it may pass; else the whole seconds that `Retry-After` says
 */
export function waitOfKey(env: Env, loaded: Loaded, key: SnapshotKey, waitUntil: WaitUntil): number {
  const now = Date.now();
  const wait = keyRates.take(key, now);
  if (wait > 0) isolateUsage(env).limited(loaded, key.id, now, waitUntil);
  return wait;
}

/** The same for routes that are no evaluations, which count their own requests: a key's last use follows from it. */
export function waitOfOther(env: Env, loaded: Loaded, key: SnapshotKey, waitUntil: WaitUntil): number {
  const wait = waitOfKey(env, loaded, key, waitUntil);
  if (wait === 0) isolateUsage(env).other(loaded, key.id, Date.now(), waitUntil);
  return wait;
}

/** The same for routes that store, which have bounds for every key and for each network of a client key as well. */
export function waitToStore(
  env: Env,
  loaded: Loaded,
  key: SnapshotKey,
  request: Request,
  waitUntil: WaitUntil,
): number {
  const now = Date.now();
  const network = key.kind === "server" ? null : networkPrefix(request.headers.get("CF-Connecting-IP") ?? "");
  // First: what one network asks too much must not use up the limit that everybody's evaluations share.
  const wait = storingRates.take(key.id, network, now);
  if (wait === 0) return waitOfOther(env, loaded, key, waitUntil);
  isolateUsage(env).limited(loaded, key.id, now, waitUntil);
  return wait;
}
