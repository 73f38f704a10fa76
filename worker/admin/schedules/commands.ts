import { z } from "zod";
import { key, slug } from "../../../shared/schema/primitives.ts";
import { scheduleTime, statePatch } from "../../../shared/schema/schedule.ts";
import { defineCommands } from "../kernel/define-commands.ts";

const at = { environment: slug, flag: key };
const id = z.string().max(100);

export const scheduleCommands = defineCommands({
  createSchedule: {
    fields: {
      ...at,
      at: scheduleTime,
      patch: statePatch,
      acknowledgeExposure: z.boolean().optional(),
      applyAnyway: z.boolean().optional(),
    },
  },
  cancelSchedule: { fields: { ...at, id } },
  /** Sent by the store's own alarm. */
  applySchedule: { fields: { ...at, id }, sender: "automation" },
});
