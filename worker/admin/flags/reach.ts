import { reachIfOn } from "../../../shared/flags/reach.ts";
import type { ReachEffort } from "../../../shared/flags/reach-cases.ts";
import type { ReachFlag, ReachWorld } from "../../../shared/flags/reach-world.ts";
import { isNarrowed } from "../../../shared/flags/summary.ts";
import type { StateSummary } from "../../../shared/schema/admin.ts";
import type { FlagState } from "../../../shared/schema/flag.ts";
import type { Body, ProjectView } from "../../objects/flag-store/entities.ts";
import { activeKills } from "../kills/decide.ts";

/** Documents that a caller has read already. */
interface Known {
  flags?: ReadonlyMap<string, Body<"flag">>;
  states?: ReadonlyMap<string, FlagState>;
}

/** An environment as reach is reckoned from it. Documents are read when they are asked for, each once. */
export function reachWorld(view: ProjectView, environment: string, known: Known = {}): ReachWorld {
  const flags = new Map<string, ReachFlag | undefined>();
  const segments = new Map<string, ReturnType<ReachWorld["segment"]>>();
  let kills: Map<string, ReturnType<ReachWorld["kills"]>> | null = null;
  const readFlag = (key: string): ReachFlag | undefined => {
    const flag = known.flags ? known.flags.get(key) : view.get("flag", "", key)?.body;
    const state = known.states ? known.states.get(key) : view.get("state", environment, key)?.body;
    if (!flag || flag.archivedAt || !state) return undefined;
    return { variants: Object.keys(flag.variants), offVariant: flag.offVariant, seed: flag.seed, state };
  };
  const readSegment = (key: string): ReturnType<ReachWorld["segment"]> => {
    const body = view.get("segment", "", key)?.body;
    if (!body) return undefined;
    const count = view.get("list", "", key)?.body.count;
    return { when: body.when, included: body.included, listed: count ?? 0 };
  };
  return {
    flag: (key) => remembered(flags, key, readFlag),
    segment: (key) => remembered(segments, key, readSegment),
    layer: (key) => {
      const body = view.get("layer", "", key)?.body;
      return body && { by: body.by, seed: body.seed ?? key };
    },
    holdout: (key) => {
      const body = view.get("holdout", "", key)?.body;
      return body && { by: body.by, seed: body.seed ?? key, share: body.share };
    },
    kills: (key) => {
      kills ??= Map.groupBy(
        activeKills(view, environment).map(({ body, revision }) => ({ ...body, revision })),
        ({ flag }) => flag,
      );
      return kills.get(key) ?? [];
    },
  };
}

function remembered<T>(known: Map<string, T>, key: string, read: (key: string) => T): T {
  if (!known.has(key)) known.set(key, read(key));
  return known.get(key) as T;
}

/**
 * What a summary says of reach: where more than the split for everybody decides, and then what it would be when on.
 *
 * @param list what the flags of a list may take together
 */
export function reachSummary(
  world: ReachWorld,
  key: string,
  state: FlagState,
  now: number,
  list?: ReachEffort,
): StateSummary["reach"] {
  if (!isNarrowed(state)) return undefined;
  const reach = reachIfOn(world, key, now, list);
  if (!reach) return null;
  const { share, served, groups, flags } = reach;
  return {
    share,
    served: [...served],
    groups: groups.map((one) => ({ ...one, segments: [...one.segments] })),
    flags: [...flags],
  };
}
