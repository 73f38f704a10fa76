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
