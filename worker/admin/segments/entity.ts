import { DOOR_LAYER } from "../../../shared/demand/test-kinds.ts";
import { holdout, layer, segment } from "../../../shared/schema/segment.ts";
import { defineEntity, only } from "../kernel/define-entity.ts";

export const segmentEntity = {
  segment: defineEntity({
    schema: segment,
    scope: "project",
    whenDeleted: "removed",
    limit: "segmentsPerProject",
    rights: only("engineer", "segment", "segments"),
  }),
};

/** Named ranges of people that flag states refer to. */
export const rangeEntities = {
  layer: defineEntity({
    schema: layer,
    scope: "project",
    whenDeleted: "removed",
    limit: "layersPerProject",
    rights: (change) => {
      const { key, before, after } = change;
      // The layer that all fake doors divide comes with the first door.
      const isDoors =
        before === null && key === DOOR_LAYER && after?.by === "targetingKey" && after.seed === DOOR_LAYER;
      if (isDoors) return [{ needs: "marketer", field: `layers.${key}`, what: `layer "${key}" would be created` }];
      return only("engineer", "layer", "layers")(change);
    },
  }),
  holdout: defineEntity({
    schema: holdout,
    scope: "project",
    whenDeleted: "removed",
    limit: "holdoutsPerProject",
    rights: only("engineer", "holdout", "holdouts"),
  }),
};
