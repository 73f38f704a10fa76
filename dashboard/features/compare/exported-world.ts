import type { ReachFlag, ReachWorld } from "../../../shared/flags/reach-world.ts";
import { ownOf } from "../../../shared/own.ts";
import type { ExportDocument } from "../../../shared/schema/admin.ts";
import { flagOf } from "../../domain/project.ts";

/** An environment of an export, as reach is reckoned from it; its kills are those that the page knows. */
export function exportedWorld(document: ExportDocument, environment: string): ReachWorld {
  const { flags, states, segments, layers, holdouts } = document;
  return {
    flag(key): ReachFlag | undefined {
      const flag = ownOf(flags, key);
      const state = ownOf(states[environment], key);
      return flag && state && { ...flag, variants: Object.keys(flag.variants), seed: flag.seed ?? key, state };
    },
    segment(key) {
      const segment = ownOf(segments, key);
      // An export does not hold long lists: users on one are a group all the same.
      return segment && { when: segment.when, included: segment.included, listed: 1 };
    },
    layer(key) {
      const layer = ownOf(layers, key);
      return layer && { by: layer.by, seed: layer.seed ?? key };
    },
    holdout(key) {
      const holdout = ownOf(holdouts, key);
      return holdout && { by: holdout.by, seed: holdout.seed ?? key, share: holdout.share };
    },
    kills: (key) => (flagOf(key)?.environments[environment]?.kills ?? []).map((kill) => ({ ...kill, revision: 0 })),
  };
}
