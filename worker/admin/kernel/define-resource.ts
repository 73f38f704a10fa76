import type { z } from "zod";
import type { Circumstances, Decision } from "../../objects/flag-store/decide/decision.ts";
import type { ProjectView } from "../../objects/flag-store/entities.ts";
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

type Commands = Readonly<Record<string, { schema: z.ZodType }>>;
type Sent<C extends Commands, T extends keyof C> = z.infer<C[T]["schema"]>;
type Handlers<C extends Commands> = { readonly [T in keyof C]: Handler<Sent<C, T>> };

/**
 * A resource: what its commands decide and what they answer. It does not compile while a command lacks either. Its
 * entity and its commands are listed apart, in modules that know nothing of decisions: the types of both are what
 * decisions are made of, and TypeScript infers no circle.
 */
export function defineResource<C extends Commands>(definition: {
  commands: C;
  decide: { readonly [T in keyof C]: Handler<Sent<C, T>>["decide"] };
  view: { readonly [T in keyof C]: Handler<Sent<C, T>>["view"] };
}): Handlers<C> {
  const { commands, decide, view } = definition;
  const handlers = Object.keys(commands).map((type: keyof C) => [type, { decide: decide[type], view: view[type] }]);
  return Object.fromEntries(handlers) as Handlers<C>;
}
