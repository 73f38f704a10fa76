import type { ProjectView } from "../../objects/flag-store/entities.ts";
import { defineResource } from "../kernel/define-resource.ts";
import { testCommands } from "./commands.ts";
import { deleteTest, putTest, stageTest, startTest, stopTest } from "./decide.ts";
import { testViewOf } from "./view.ts";

const after = (view: ProjectView, { environment, flag }: { environment: string; flag: string }) =>
  testViewOf(view, environment, flag);

export const test = defineResource({
  commands: testCommands,
  decide: { putTest, startTest, stopTest, stageTest, deleteTest },
  view: {
    putTest: after,
    startTest: after,
    stopTest: after,
    stageTest: after,
    deleteTest: null,
  },
});
