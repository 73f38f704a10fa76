import { ownOf } from "../../../../shared/own.ts";
/** RFC 7396: objects merge, `null` removes, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = mergePatch(ownOf(merged, name), value);
  }
  return merged;
}

/** A state with a patch in it. What the fallthrough serves is one value: a variant merged into a split would be neither. */
export function patchedState(state: object, patch: Record<string, unknown>): unknown {
  const merged = mergePatch(state, patch) as Record<string, unknown>;
  return isObject(patch.fallthrough) ? { ...merged, fallthrough: patch.fallthrough } : merged;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
