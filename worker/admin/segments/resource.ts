import { defineResource } from "../kernel/define-resource.ts";
import { segmentCommands } from "./commands.ts";
import { deleteSegment, deleteShared, putSegment, putShared } from "./decide.ts";
import { definitionViewOf } from "./view.ts";

export const segment = defineResource({
  commands: segmentCommands,
  decide: {
    putSegment,
    deleteSegment,
    putLayer: putShared,
    deleteLayer: deleteShared,
    putHoldout: putShared,
    deleteHoldout: deleteShared,
  },
  view: {
    putSegment: (view, command) => definitionViewOf(view, "segment", command.segment),
    deleteSegment: null,
    putLayer: (view, command) => definitionViewOf(view, "layer", command.layer),
    deleteLayer: null,
    putHoldout: (view, command) => definitionViewOf(view, "holdout", command.holdout),
    deleteHoldout: null,
  },
});
