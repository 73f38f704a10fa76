import { keyedHash } from "../../crypto/keyed-hash.ts";
import type { Env } from "../../env.ts";
import { secretOf } from "../../secrets.ts";

/*
 * Where a data centre's copies lie in `caches.default`. Cloudflare advises a Worker to use its own host there: another one
 * costs look-ups of a name. What lies under the own host could come out where a route lets requests past the Worker, as
 * it may on the Free plan when the day's requests are used up; so the path holds what nobody outside can know.
 */

/** The data centre's copy of a pointer lives this long (s): one look-up a second and data centre. */
export const POINTER_TTL_S = 1;

/** Until a request has told the host, and where no secret is set: reserved, and never resolves. */
const NO_HOST = "https://blastdoor.invalid";
const SECRETS = ["KEY_CHECKSUM_SECRET", "ADMIN_TOKEN", "BREAK_GLASS_SECRET", "METRICS_TOKEN"] as const;
let root: string | null = null;

/** Takes the host from the first request of this isolate. */
export function noteHost(url: string, env: Env): void {
  root ??= rootOf(url, env);
}

/** What the keys of all copies begin with. */
export const cacheRoot = (): string => root ?? NO_HOST;

/** @internal Tested without an isolate of its own. */
export function rootOf(url: string, env: Pick<Env, (typeof SECRETS)[number]>): string {
  const secret = SECRETS.map((name) => secretOf(env, name)).find((value) => value !== undefined);
  if (secret === undefined) return NO_HOST;
  // Without a port: Cloudflare's caches know hosts.
  return `https://${new URL(url).hostname}/.blastdoor/${keyedHash(secret, "edge-cache", "root").slice(0, 32)}`;
}

const trialUrl = (name: string): string => `${cacheRoot()}/trial/${name}`;

/** Keeps an entry that has no use but to be looked for. It lives as long as a pointer's copy does. */
export const keepTrial = (name: string): Promise<void> =>
  caches.default.put(trialUrl(name), new Response(name, { headers: { "Cache-Control": `max-age=${POINTER_TTL_S}` } }));

/** Whether the entry is there, read to its end. */
export async function hasTrial(name: string): Promise<boolean> {
  const hit = await caches.default.match(trialUrl(name));
  return hit !== undefined && (await hit.text()) === name;
}
