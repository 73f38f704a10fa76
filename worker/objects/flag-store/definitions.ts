import { budgetCommands } from "../../admin/budget/commands.ts";
import { budgetEntity } from "../../admin/budget/entity.ts";
import { deploymentCommands } from "../../admin/delivery/commands.ts";
import { deploymentEntity } from "../../admin/delivery/entity.ts";
import { drillCommands } from "../../admin/drills/commands.ts";
import { drillEntity } from "../../admin/drills/entity.ts";
import { flagCommands } from "../../admin/flags/commands.ts";
import { flagEntities } from "../../admin/flags/entity.ts";
import { followUpCommands } from "../../admin/follow-ups/commands.ts";
import { followUpEntity } from "../../admin/follow-ups/entity.ts";
import { freezeCommands } from "../../admin/freezes/commands.ts";
import { freezeEntity } from "../../admin/freezes/entity.ts";
import { guardCommands } from "../../admin/guards/commands.ts";
import { guardEntities } from "../../admin/guards/entity.ts";
import { historyCommands } from "../../admin/history/commands.ts";
import { importCommands } from "../../admin/imports/commands.ts";
import { originEntity } from "../../admin/imports/entity.ts";
import { keyCommands } from "../../admin/keys/commands.ts";
import { keyEntity } from "../../admin/keys/entity.ts";
import { killCommands } from "../../admin/kills/commands.ts";
import { killEntities } from "../../admin/kills/entity.ts";
import { planTemplateCommands } from "../../admin/plan-templates/commands.ts";
import { planTemplateEntity } from "../../admin/plan-templates/entity.ts";
import { planCommands } from "../../admin/plans/commands.ts";
import { planEntity } from "../../admin/plans/entity.ts";
import { projectCommands } from "../../admin/projects/commands.ts";
import { projectEntities } from "../../admin/projects/entity.ts";
import { scheduleCommands } from "../../admin/schedules/commands.ts";
import { scheduleEntity } from "../../admin/schedules/entity.ts";
import { listCommands } from "../../admin/segment-lists/commands.ts";
import { listEntity } from "../../admin/segment-lists/entity.ts";
import { rangeCommands, segmentCommands } from "../../admin/segments/commands.ts";
import { rangeEntities, segmentEntity } from "../../admin/segments/entity.ts";
import { signingKeyCommands } from "../../admin/signing-keys/commands.ts";
import { signingKeyEntity } from "../../admin/signing-keys/entity.ts";
import { testCommands } from "../../admin/tests/commands.ts";
import { testEntity } from "../../admin/tests/entity.ts";
import { triggerCommands } from "../../admin/triggers/commands.ts";
import { triggerEntity } from "../../admin/triggers/entity.ts";
import { webhookCommands } from "../../admin/webhooks/commands.ts";
import { webhookEntity } from "../../admin/webhooks/entity.ts";

/**
 * What each resource keeps and what can be asked of it: the entities, the commands and the rules of deletion follow from
 * this list. It stands in the order in which a deletion removes documents, and that order stands in the audit.
 */
export const DEFINITIONS = [
  { entities: killEntities, commands: killCommands },
  { entities: scheduleEntity, commands: scheduleCommands },
  { entities: planEntity, commands: planCommands },
  { entities: guardEntities, commands: guardCommands },
  { entities: planTemplateEntity, commands: planTemplateCommands },
  { entities: freezeEntity, commands: freezeCommands },
  { entities: triggerEntity, commands: triggerCommands },
  { entities: drillEntity, commands: drillCommands },
  { entities: budgetEntity, commands: budgetCommands },
  { entities: followUpEntity, commands: followUpCommands },
  { entities: deploymentEntity, commands: deploymentCommands },
  { entities: testEntity, commands: testCommands },
  { entities: webhookEntity, commands: webhookCommands },
  { entities: signingKeyEntity, commands: signingKeyCommands },
  { entities: keyEntity, commands: keyCommands },
  { entities: originEntity, commands: importCommands },
  { entities: flagEntities, commands: flagCommands },
  { entities: segmentEntity, commands: segmentCommands },
  { entities: listEntity, commands: listCommands },
  { entities: rangeEntities, commands: rangeCommands },
  { entities: projectEntities, commands: projectCommands },
  { entities: {}, commands: historyCommands },
] as const;
