import { z } from "zod";
import { LIMITS } from "../../../shared/limits.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { listKey } from "../../../shared/schema/segment.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const listed = z.array(listKey).max(LIMITS.segmentListPatchKeys);

export const listCommands = defineCommands({
  putList: {
    fields: {
      segment: key,
      /** Where the store keeps what was sent. Another for each attempt, so it is no part of what was asked for. */
      upload: z.string().max(40),
      /** SHA-256 of the hashes: what tells a repeated request from another one. */
      digest: z.string().length(64),
    },
  },
  patchList: { fields: { segment: key, add: listed, remove: listed } },
  deleteList: { fields: { segment: key } },
});
