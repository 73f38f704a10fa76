import { isRegion } from "../../../shared/placement/regions.ts";
import { parseSlug } from "../../../shared/schema/names.ts";
import type { Following } from "./followers.ts";

/** Where a relay takes sockets. The edge has checked the key; nobody else reaches a relay. */
export const FOLLOW_PATH = "/follow";
const HEADER = "Following";

/** The request that opens a socket at a relay. */
export const followRequest = (following: Following): Request =>
  new Request(`https://durable${FOLLOW_PATH}`, {
    headers: { Upgrade: "websocket", [HEADER]: JSON.stringify(following) },
  });

/** Who follows what, by such a request; null when it is none. */
export function followingOf(request: Request): Following | null {
  if (request.headers.get("Upgrade")?.toLowerCase() !== "websocket") return null;
  const { project, region, environment, key } = JSON.parse(request.headers.get(HEADER) ?? "{}") as Partial<Following>;
  if (!project || !environment || !key || !isRegion(region)) return null;
  return parseSlug(project) && parseSlug(environment) ? { project, region, environment, key } : null;
}
