import type { SnapshotKey } from "../schema/snapshot.ts";

/** Whether a key may hold a socket at `/server/v1/changes`. Edges ask when one is opened, the store while it is open. */
export const mayFollowChanges = (key: Pick<SnapshotKey, "kind">): boolean => key.kind === "server";
