import type { Row } from "../../objects/flag-store/entities.ts";
import { defineResource, shown } from "../kernel/define-resource.ts";
import { followUpCommands } from "./commands.ts";
import { createFollowUp, deleteFollowUp, patchFollowUp } from "./decide.ts";
import { followUpView } from "./view.ts";

export const followUp = defineResource({
  commands: followUpCommands,
  decide: { createFollowUp, patchFollowUp, deleteFollowUp },
  view: {
    createFollowUp: (view, { environment, id }, { now }) =>
      shown(view, { entity: "followUp", environment, key: id }, (row) => followUpView(row, now)),
    patchFollowUp: (view, { environment, id }, { now }) =>
      shown(view, { entity: "followUp", environment, key: id }, (row) => followUpView(row, now)),
    deleteFollowUp: null,
  },
  shows: { followUp: (row: Row<"followUp">) => followUpView(row) },
});
