import { ownOf } from "../own.ts";
import type { Pointer } from "../schema/pointer.ts";

/**
 * The number that a push message names: the environment's published revision, or that of a kill which came after it. It
 * may fall, when a kill is restored; what differs is another change. 0: there is nothing.
 */
export function changeOf(pointer: Pick<Pointer, "environments"> | undefined, environment: string): number {
  const named = ownOf(pointer?.environments, environment);
  return named ? Math.max(named.revision, ...named.kills.map(({ revision }) => revision)) : 0;
}

/**
 * The change up to which an edge gives out rules: below that of its pointer while the snapshot that the pointer names is
 * still on its way, so that a process which was told of it asks again.
 */
export function servedChange(
  pointer: Pick<Pointer, "environments" | "epoch"> | undefined,
  environment: string,
  loaded: { readonly epoch: number; readonly revision: number },
): number {
  const published = ownOf(pointer?.environments, environment)?.revision ?? 0;
  if (pointer !== undefined && pointer.epoch !== loaded.epoch) return 0;
  return loaded.revision < published ? loaded.revision : changeOf(pointer, environment);
}
