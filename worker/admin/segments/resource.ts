import { defineResource, shown } from "../kernel/define-resource.ts";
import { rangeCommands, segmentCommands } from "./commands.ts";
import { deleteSegment, deleteShared, putSegment, putShared } from "./decide.ts";
import { definitionView } from "./view.ts";

export const segment = defineResource({
  commands: { ...segmentCommands, ...rangeCommands },
  decide: {
    putSegment,
    deleteSegment,
    putLayer: putShared,
    deleteLayer: deleteShared,
    putHoldout: putShared,
    deleteHoldout: deleteShared,
  },
  view: {
    putSegment: (view, command) => shown(view, { entity: "segment", key: command.segment }, definitionView),
    deleteSegment: null,
    putLayer: (view, command) => shown(view, { entity: "layer", key: command.layer }, definitionView),
    deleteLayer: null,
    putHoldout: (view, command) => shown(view, { entity: "holdout", key: command.holdout }, definitionView),
    deleteHoldout: null,
  },
  shows: { segment: definitionView, layer: definitionView, holdout: definitionView },
});
