import { key } from "../../../shared/schema/primitives.ts";
import { holdout, layer, segment } from "../../../shared/schema/segment.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const segmentCommands = defineCommands({
  putSegment: { fields: { segment: key, definition: segment } },
  deleteSegment: { fields: { segment: key } },
});

/** Of layers and holdouts. */
export const rangeCommands = defineCommands({
  putLayer: { fields: { layer: key, definition: layer } },
  deleteLayer: { fields: { layer: key } },
  putHoldout: { fields: { holdout: key, definition: holdout } },
  deleteHoldout: { fields: { holdout: key } },
});
