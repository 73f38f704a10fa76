import type { Context } from "hono";
import type { Slug } from "../../../shared/schema/names.ts";
import type { Readable, Shown } from "../../objects/flag-store/resources.ts";
import { flagStore } from "../../objects/stubs.ts";
import { found } from "./execute.ts";
import type { AdminEnv } from "./principal.ts";

/** Where documents are: those of an environment have one. */
interface Place {
  project: Slug;
  environment?: Slug;
}

/** All documents of an entity, in key order, as its resource shows them; 404 when the place is not there. */
export async function readAll<E extends Readable>(
  c: Context<AdminEnv>,
  entity: E,
  { project, environment }: Place,
): Promise<Shown<E>[]> {
  const all = (await flagStore(c.env, project).listDocuments(entity, environment)) as Shown<E>[] | null;
  return environment === undefined ? found(c, all, "project", project) : found(c, all, "environment", environment);
}

/**
 * One document, as its resource shows it, with its version as ETag.
 *
 * @param what what a 404 calls it
 */
export async function readOne<E extends Readable>(
  c: Context<AdminEnv>,
  entity: E,
  { project, environment, key }: Place & { key: string },
  what: string = entity,
): Promise<Shown<E>> {
  const one = (await flagStore(c.env, project).getDocument(entity, key, environment)) as Shown<E> | null;
  return found(c, one, what, key);
}
