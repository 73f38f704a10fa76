import { budget } from "../../admin/budget/resource.ts";
import { deployment } from "../../admin/delivery/resource.ts";
import { drill } from "../../admin/drills/resource.ts";
import { freeze } from "../../admin/freezes/resource.ts";
import { guard } from "../../admin/guards/resource.ts";
import type { Handler, ViewedAt } from "../../admin/kernel/define-resource.ts";
import { planTemplate } from "../../admin/plan-templates/resource.ts";
import { plan } from "../../admin/plans/resource.ts";
import { schedule } from "../../admin/schedules/resource.ts";
import { list } from "../../admin/segment-lists/resource.ts";
import { segment } from "../../admin/segments/resource.ts";
import { test } from "../../admin/tests/resource.ts";
import { trigger } from "../../admin/triggers/resource.ts";
import { webhook } from "../../admin/webhooks/resource.ts";
import type { Result } from "../../result.ts";
import { type CommandOf, RESOURCE_COMMANDS, type ResourceCommand } from "./commands.ts";
import type { Circumstances, Decision } from "./decide/decision.ts";
import type { ProjectView } from "./entities.ts";

/** Every resource that has a folder of its own: a command of `RESOURCE_COMMANDS` that none handles does not compile. */
const HANDLERS: { readonly [T in ResourceCommand["type"]]: Handler<CommandOf<T>> } = {
  ...budget,
  ...deployment,
  ...drill,
  ...freeze,
  ...guard,
  ...list,
  ...plan,
  ...planTemplate,
  ...schedule,
  ...segment,
  ...test,
  ...trigger,
  ...webhook,
};

const handlerOf = (command: ResourceCommand) => HANDLERS[command.type] as Handler<ResourceCommand>;

export const isOfResource = (command: { type: string }): command is ResourceCommand =>
  Object.hasOwn(RESOURCE_COMMANDS, command.type);

export const decideResource = (command: ResourceCommand, c: Circumstances): Result<Decision> =>
  handlerOf(command).decide(command, c);

export const resourceViewAfter = (view: ProjectView, command: ResourceCommand, at: ViewedAt): unknown =>
  handlerOf(command).view?.(view, command, at) ?? null;
