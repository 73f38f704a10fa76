import { ownOf } from "../../../shared/own.ts";
import { budget } from "../../admin/budget/resource.ts";
import { deployment } from "../../admin/delivery/resource.ts";
import { drill } from "../../admin/drills/resource.ts";
import { flag } from "../../admin/flags/resource.ts";
import { followUp } from "../../admin/follow-ups/resource.ts";
import { freeze } from "../../admin/freezes/resource.ts";
import { guard } from "../../admin/guards/resource.ts";
import { history } from "../../admin/history/resource.ts";
import { imports } from "../../admin/imports/resource.ts";
import type { Handler, ViewedAt } from "../../admin/kernel/define-resource.ts";
import { key } from "../../admin/keys/resource.ts";
import { kill } from "../../admin/kills/resource.ts";
import { planTemplate } from "../../admin/plan-templates/resource.ts";
import { plan } from "../../admin/plans/resource.ts";
import { project } from "../../admin/projects/resource.ts";
import { schedule } from "../../admin/schedules/resource.ts";
import { list } from "../../admin/segment-lists/resource.ts";
import { segment } from "../../admin/segments/resource.ts";
import { signingKey } from "../../admin/signing-keys/resource.ts";
import { test } from "../../admin/tests/resource.ts";
import { trigger } from "../../admin/triggers/resource.ts";
import { webhook } from "../../admin/webhooks/resource.ts";
import type { Command, CommandOf } from "./commands.ts";
import type { Entity, ProjectView, Row } from "./entities.ts";
import { merged } from "./merged.ts";

/** What decides and shows the documents of each definition. */
const RESOURCES = [
  budget,
  deployment,
  drill,
  flag,
  followUp,
  freeze,
  guard,
  history,
  imports,
  key,
  kill,
  list,
  plan,
  planTemplate,
  project,
  schedule,
  segment,
  signingKey,
  test,
  trigger,
  webhook,
] as const;

/** What each resource does with its commands: one that no resource handles does not compile. */
const HANDLERS: { readonly [T in Command["type"]]: Handler<CommandOf<T>> } = merged(
  RESOURCES.map(({ handlers }) => handlers),
);

/** What is shown of the documents that are read by the name of their entity. */
const SHOWS = merged(RESOURCES.map(({ shows }) => shows));

/** An entity whose documents `listDocuments` and `getDocument` read. */
export type Readable = keyof typeof SHOWS;
/** What is shown of one of its documents. */
export type Shown<E extends Readable> = ReturnType<(typeof SHOWS)[E]>;

/** Shows documents of an entity; undefined: they are not read by its name. */
export const showOf = (entity: string) =>
  ownOf<(row: Row<Entity>, view: ProjectView) => object>(SHOWS as never, entity);

/** What decides and shows a command. */
export const handlerOf = (command: Command) => HANDLERS[command.type] as Handler<Command>;

/** What a command's answer shows: the document as it stands afterwards. */
export const viewAfter = (view: ProjectView, command: Command, at: ViewedAt): unknown =>
  handlerOf(command).view?.(view, command, at) ?? null;
