import { z } from "zod";
import { freshness } from "../../../shared/schema/pointer.ts";
import { name, slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

export const projectCommands = defineCommands({
  putProject: { fields: { name: name.optional(), environments: z.array(slug).optional() } },
  deleteProject: { fields: {} },
  putEnvironment: { fields: { environment: slug, name: name.optional(), freshness: freshness.optional() } },
  deleteEnvironment: { fields: { environment: slug } },
});
