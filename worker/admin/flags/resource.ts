import type { ProjectView } from "../../objects/flag-store/entities.ts";
import { defineResource } from "../kernel/define-resource.ts";
import { flagCommands } from "./commands.ts";
import { archiveFlag, archiveFlags, patchFlag, patchState, putFlag, putState } from "./decide.ts";
import { flagViewOf, stateViewOf } from "./view.ts";

const flagAfter = (view: ProjectView, command: { flag: string }) => flagViewOf(view, command.flag);
const stateAfter = (view: ProjectView, command: { environment: string; flag: string }) =>
  stateViewOf(view, command.environment, command.flag);

export const flag = defineResource({
  commands: flagCommands,
  decide: { putFlag, patchFlag, archiveFlag, archiveFlags, putState, patchState },
  view: {
    putFlag: flagAfter,
    patchFlag: flagAfter,
    archiveFlag: null,
    archiveFlags: null,
    putState: stateAfter,
    patchState: stateAfter,
  },
});
