import { runInDurableObject } from "cloudflare:test";
import { storedSlug } from "../../shared/schema/names.ts";
import type { Env } from "../env.ts";
import type { command as commandSchema, Envelope } from "../objects/flag-store/commands.ts";
import { FlagStore } from "../objects/flag-store/flag-store.ts";
import type { Reply } from "../objects/flag-store/methods.ts";
import { flagStore } from "../objects/stubs.ts";
import type { Result } from "../result.ts";
import { env } from "./bindings.ts";
import { newName } from "./names.ts";

type CommandInput = (typeof commandSchema)["_input"];

const admin = { type: "admin", id: "admin", name: "Administrator", role: "admin" } as const;

export const stubOf = (project: string): DurableObjectStub => env.FLAG_STORE.get(env.FLAG_STORE.idFromName(project));
/** The store as routes call it. */
export const storeOf = (project: string) => flagStore(env, storedSlug(project));

export const envelope = (project: string, command: CommandInput, over: Partial<Envelope> = {}): Envelope => ({
  id: crypto.randomUUID(),
  project,
  actor: admin,
  comment: "",
  command: command as Envelope["command"],
  ...over,
});

/** Sends a command that has to be carried out. */
export async function must(project: string, command: CommandInput, over: Partial<Envelope> = {}): Promise<Reply> {
  return accepted(await storeOf(project).execute(envelope(project, command, over)));
}

export function accepted(result: Result<Reply>): Reply {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.rejection)}`);
  return result.value;
}

export const aFlag = {
  type: "string",
  variants: { on: "on", off: "off", blue: "blue" },
  offVariant: "off",
} as const;

/** A project with the environment "production" and one flag. */
export async function newProject(): Promise<string> {
  const project = newName();
  await must(project, { type: "putProject", environments: ["production"] });
  await must(project, { type: "putFlag", flag: "checkout", definition: aFlag });
  return project;
}

/** Works in the object itself, on a store of its own with other bindings: faults go in there. */
export function inStore<R>(
  project: string,
  bindings: Partial<Env>,
  work: (store: FlagStore, state: DurableObjectState) => Promise<R>,
): Promise<R> {
  return runInDurableObject(stubOf(project), (_instance: DurableObject, state) =>
    work(new FlagStore(state, { ...env, ...bindings }), state),
  );
}

/** Reads or alters the object's tables behind its back. */
export function inTables<R>(project: string, work: (sql: SqlStorage) => R): Promise<R> {
  return runInDurableObject(stubOf(project), (_instance: DurableObject, state) => work(state.storage.sql));
}

/** A KV namespace whose every call does what `fault` says. */
export function brokenKv(fault: () => Promise<never>): KVNamespace {
  return { get: fault, put: fault, delete: fault } as unknown as KVNamespace;
}
