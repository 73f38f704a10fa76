import type { z } from "zod";
import type { Circumstances, Decision } from "../../objects/flag-store/decide/decision.ts";
import type { Entity, ProjectView, Row } from "../../objects/flag-store/entities.ts";
import type { Result } from "../../result.ts";

/** When the answer to a command is made. */
export interface ViewedAt {
  project: string;
  /** The project's revision afterwards. */
  revision: number;
  epoch: number;
  /** Epoch milliseconds. */
  now: number;
}

/** What a project does with one command. */
export interface Handler<C> {
  /** The documents that change, or why not. Pure. */
  decide: (command: C, c: Circumstances) => Result<Decision>;
  /** What the answer shows, as it stands afterwards; null: nothing. */
  view: ((view: ProjectView, command: C, at: ViewedAt) => unknown) | null;
}

/** The document that a command has written, as readers are shown it. */
export function shown<E extends Entity, V>(
  view: ProjectView,
  place: { entity: E; environment?: string; key: string },
  show: (row: Row<E>, view: ProjectView) => V,
): V | null {
  const row = view.get(place.entity, place.environment ?? "", place.key);
  return row && show(row, view);
}

type Commands = Readonly<Record<string, { schema: z.ZodType }>>;
type Sent<C extends Commands, T extends keyof C> = z.infer<C[T]["schema"]>;
type Handlers<C extends Commands> = { readonly [T in keyof C]: Handler<Sent<C, T>> };

/** What readers are shown of a document. An entity that has no such function cannot be read by its name. */
export type Shows = { readonly [E in Entity]?: (row: Row<E>, view: ProjectView) => object };

/** What a store does with the commands of a resource, and what it shows of its documents. */
export interface Resource<C extends Commands, S extends Shows> {
  handlers: Handlers<C>;
  shows: S;
}

/**
 * A resource: what its commands decide and answer, and what `listDocuments` and `getDocument` show of its documents. It
 * does not compile while a command lacks either. Its entity and its commands are listed apart, in modules that know
 * nothing of decisions: the types of both are what decisions are made of, and TypeScript infers no circle.
 */
export function defineResource<C extends Commands, const S extends Shows = Record<never, never>>(definition: {
  commands: C;
  decide: { readonly [T in keyof C]: Handler<Sent<C, T>>["decide"] };
  view: { readonly [T in keyof C]: Handler<Sent<C, T>>["view"] };
  shows?: S;
}): Resource<C, S> {
  const { commands, decide, view, shows = {} as S } = definition;
  const handlers = Object.keys(commands).map((type: keyof C) => [type, { decide: decide[type], view: view[type] }]);
  return { handlers: Object.fromEntries(handlers) as Handlers<C>, shows };
}
