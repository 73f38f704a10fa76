import type { z } from "zod";
import type { DocumentChange, EntityDefinition } from "../../admin/kernel/define-entity.ts";
import { DEFINITIONS } from "./definitions.ts";
import { merged } from "./merged.ts";

/**
 * Everything a project consists of, in the order in which a deletion removes it: that order stands in the audit.
 */
export const ENTITY_DEFINITIONS = merged(DEFINITIONS.map(({ entities }) => entities)) satisfies Record<
  string,
  EntityDefinition
>;

export type Entity = keyof typeof ENTITY_DEFINITIONS;
const ENTITY_NAMES = Object.keys(ENTITY_DEFINITIONS) as Entity[];

/** The schema of each kind of document, parsed when written and again when read from SQLite. */
export const ENTITIES = Object.fromEntries(
  ENTITY_NAMES.map((entity) => [entity, ENTITY_DEFINITIONS[entity].schema]),
) as { readonly [E in Entity]: (typeof ENTITY_DEFINITIONS)[E]["schema"] };

/** What goes when an environment, or the whole project, is deleted. */
export const removedWith = (what: "project" | "environment"): Entity[] =>
  ENTITY_NAMES.filter((entity) => {
    const { scope, whenDeleted } = ENTITY_DEFINITIONS[entity];
    return whenDeleted === "removed" && (what === "project" || scope === what);
  });

export type Body<E extends Entity> = z.infer<(typeof ENTITIES)[E]>;

/** One stored document. `version` starts at 1 and rises with each change of this document alone. */
export interface Row<E extends Entity> {
  entity: E;
  /** "" for what all environments share. */
  environment: string;
  key: string;
  version: number;
  body: Body<E>;
  createdAt: number;
  updatedAt: number;
  /** Project revision of the last change. */
  revision: number;
}

/** What a command changes about one document; `null` before: made, `null` after: removed. */
export type Change = {
  [E in Entity]: DocumentChange<Body<E>> & { entity: E };
}[Entity];

/** The project as a command sees it. */
export interface ProjectView {
  get<E extends Entity>(entity: E, environment: string, key: string): Row<E> | null;
  /** All documents of a kind, of one environment when given, in key order. */
  list<E extends Entity>(entity: E, environment?: string): Row<E>[];
  /** Like `list`, only those whose JSON holds `text`: narrows a scan before the documents are parsed. */
  mentioning<E extends Entity>(entity: E, text: string): Row<E>[];
  count(entity: Entity, environment?: string): number;
}
