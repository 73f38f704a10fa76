import { z } from "zod";

/** A command of a resource: its fields beside `type`, and who sends it. */
interface CommandDefinition {
  fields: z.ZodRawShape;
  /** Alarms, guards or drills only: no route may take it from a person. */
  sender?: "automation";
}

const schemaOf = <T extends string, F extends z.ZodRawShape>(type: T, fields: F) =>
  z.strictObject({ type: z.literal(type), ...fields });

type Defined<D extends Record<string, CommandDefinition>> = {
  readonly [T in keyof D & string]: {
    schema: ReturnType<typeof schemaOf<T, D[T]["fields"]>>;
    sender: D[T] extends { sender: "automation" } ? "automation" : "anyone";
  };
};

/** The commands of a resource by their type, each with a strict schema. */
export function defineCommands<const D extends Record<string, CommandDefinition>>(definitions: D): Defined<D> {
  const defined = Object.entries(definitions).map(([type, { fields, sender = "anyone" }]) => [
    type,
    { schema: schemaOf(type, fields), sender },
  ]);
  return Object.fromEntries(defined) as Defined<D>;
}

type Table = Readonly<Record<string, { schema: z.core.$ZodTypeDiscriminable; sender: string }>>;

type SchemaOf<C extends Table> = C[keyof C]["schema"];

/** The schemas of commands, of which there is at least one. */
export const schemasOf = <C extends Table>(commands: C) =>
  Object.values(commands).map(({ schema }) => schema) as unknown as [SchemaOf<C>, ...SchemaOf<C>[]];

/** The types of the commands that only automation sends. */
export type AutomaticOf<C extends Table> = {
  [T in keyof C]: C[T]["sender"] extends "automation" ? T : never;
}[keyof C];
