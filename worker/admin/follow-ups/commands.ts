import { z } from "zod";
import { followUp } from "../../../shared/schema/follow-up.ts";
import { slug } from "../../../shared/schema/primitives.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const at = { environment: slug, id: z.string().max(100) };
const { incident, flag, title, owner, due } = followUp.shape;

export const followUpCommands = defineCommands({
  createFollowUp: { fields: { ...at, incident, flag, title, owner, due } },
  patchFollowUp: {
    fields: {
      ...at,
      title: title.optional(),
      owner: owner.optional(),
      due: due.optional(),
      done: z.boolean().optional(),
    },
  },
  deleteFollowUp: { fields: at },
});
