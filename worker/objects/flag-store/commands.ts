import { z } from "zod";
import { actor, grants } from "../../../shared/schema/admin.ts";
import { comment, slug } from "../../../shared/schema/primitives.ts";
import { type AutomaticOf, schemasOf } from "../../admin/kernel/define-commands.ts";
import { DEFINITIONS } from "./definitions.ts";
import { merged } from "./merged.ts";

/** The commands of every resource, by their type. */
export const COMMANDS = merged(DEFINITIONS.map(({ commands }) => commands));

/** Everything that can be asked of a project. Parsed again at the Durable Object's own border. */
export const command = z.discriminatedUnion("type", schemasOf(COMMANDS));
export type Command = z.infer<typeof command>;
export type CommandOf<T extends Command["type"]> = Extract<Command, { type: T }>;
/** What alarms, guards and drills send: no route takes any of these from a person. */
export type OwnCommand = CommandOf<AutomaticOf<typeof COMMANDS>>;

/** A command with everything that surrounds it. */
export const envelope = z.strictObject({
  /** Same id, same command: carried out once, answered alike. */
  id: z.string().min(1).max(300),
  project: slug,
  actor,
  /** Other roles than the actor's one, which is the least of them. Left out: it holds everywhere. */
  grants: grants.optional(),
  comment,
  /** The version the writer last saw of the document (`If-Match`). */
  ifVersion: z.int().optional(),
  /** Decide and answer, change nothing. */
  dryRun: z.boolean().optional(),
  command,
});
export type Envelope = z.infer<typeof envelope>;
