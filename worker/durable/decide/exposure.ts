import { flagDependencies } from "../../../shared/graph.ts";
import type { ProjectView } from "../entities.ts";
import type { Rejection } from "../result.ts";
import { isLive } from "./state-checks.ts";

/**
 * Hidden flags whose state holders of client keys could newly read off public ones, and those public ones; null when
 * there are none. What could be read before was acknowledged then.
 */
export function newlyExposed(
  before: ProjectView,
  after: ProjectView,
  environments: readonly string[],
): Extract<Rejection, { code: "exposes-hidden-flag" }> | null {
  const open = new Set<string>();
  const hidden = new Set<string>();
  for (const environment of environments) {
    const known = exposedBy(before, environment);
    for (const [flag, behind] of exposedBy(after, environment)) {
      for (const one of behind) {
        if (known.get(flag)?.has(one)) continue;
        open.add(flag);
        hidden.add(one);
      }
    }
  }
  const [flag, ...others] = open;
  return flag === undefined ? null : { code: "exposes-hidden-flag", flag, others, hidden: [...hidden] };
}

/**
 * By public flag: the hidden ones that its result tells of, because it asks for them or for hidden ones that do. What
 * stands behind another public flag is that one's own matter.
 */
function exposedBy(view: ProjectView, environment: string): Map<string, ReadonlySet<string>> {
  const asks = new Map(
    view
      .mentioning("state", '"flag":"')
      .filter((row) => row.environment === environment && isLive(view, row.key))
      .map((row) => [row.key, flagDependencies(row.body)]),
  );
  const isPublic = (key: string) => view.get("flag", "", key)?.body.visibility === "public";
  const exposed = new Map<string, ReadonlySet<string>>();
  for (const [key, asked] of asks) {
    if (!isPublic(key)) continue;
    const behind = new Set<string>();
    const waiting = [...asked];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (behind.has(next) || isPublic(next)) continue;
      behind.add(next);
      waiting.push(...(asks.get(next) ?? []));
    }
    exposed.set(key, behind);
  }
  return exposed;
}
