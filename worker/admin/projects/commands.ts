import { z } from "zod";
import { name, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const projectCommands = defineCommands({
  putProject: { fields: { name: name.optional(), environments: z.array(slug).optional() } },
  deleteProject: { fields: {} },
  putEnvironment: { fields: { environment: slug, name: name.optional() } },
  deleteEnvironment: { fields: { environment: slug } },
});
