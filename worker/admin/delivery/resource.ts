import { defineResource } from "../kernel/define-resource.ts";
import { deploymentCommands } from "./commands.ts";
import { recordDeployment } from "./decide.ts";
import { deploymentViewOf } from "./view.ts";

export const deployment = defineResource({
  commands: deploymentCommands,
  decide: { recordDeployment },
  view: { recordDeployment: (view, command) => deploymentViewOf(view, command.environment, command.id) },
});
