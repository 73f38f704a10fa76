import { defineResource } from "../kernel/define-resource.ts";
import { scheduleCommands } from "./commands.ts";
import { applySchedule, cancelSchedule, createSchedule, scheduleKey } from "./decide.ts";
import { scheduleViewOf } from "./view.ts";

export const schedule = defineResource({
  commands: scheduleCommands,
  decide: { createSchedule, cancelSchedule, applySchedule },
  view: {
    createSchedule: (view, command, { revision }) => scheduleViewOf(view, command.environment, scheduleKey(revision)),
    cancelSchedule: (view, command) => scheduleViewOf(view, command.environment, command.id),
    applySchedule: (view, command) => scheduleViewOf(view, command.environment, command.id),
  },
});
