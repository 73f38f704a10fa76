import { ownOf } from "../../../shared/own.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";

/**
 * The number by which followers tell versions of an environment apart: the published revision, or that of a kill that
 * came after it. Null: the pointer does not name the environment.
 */
export function versionOf(pointer: Pointer, environment: string): number | null {
  const named = ownOf(pointer.environments, environment);
  return named ? Math.max(named.revision, ...named.kills.map(({ revision }) => revision)) : null;
}
