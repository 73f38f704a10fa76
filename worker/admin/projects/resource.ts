import { defineResource } from "../kernel/define-resource.ts";
import { projectCommands } from "./commands.ts";
import { deleteEnvironment, deleteProject, putEnvironment, putProject } from "./decide.ts";
import { environmentViews, projectViewOf } from "./view.ts";

export const project = defineResource({
  commands: projectCommands,
  decide: { putProject, deleteProject, putEnvironment, deleteEnvironment },
  view: {
    putProject: (view, _, { project, revision, epoch }) => projectViewOf(view, project, revision, epoch),
    deleteProject: null,
    putEnvironment: (view, command) => environmentViews(view).find(({ key }) => key === command.environment) ?? null,
    deleteEnvironment: null,
  },
});
