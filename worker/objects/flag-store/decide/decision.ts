import type { z } from "zod";
import { LIMITS } from "../../../../shared/limits.ts";
import type { Authority } from "../../../../shared/role-in.ts";
import type { Actor, Grants } from "../../../../shared/schema/admin.ts";
import { type FieldIssue, type Rejection, type Result, reject } from "../../../result.ts";
import { type Body, type Change, ENTITIES, type Entity, type ProjectView, type Row } from "../entities.ts";
import type { ListDraft } from "./list-draft.ts";
import { fieldIssues } from "./parse.ts";
import { mayChange } from "./rights.ts";

/**
 * Pure: a decision is made from a view of the project, a command and the time, and consists of the documents to
 * change and the environments whose snapshot follows. Nothing here writes, waits or reads a clock.
 */
export interface Decision {
  changes: Change[];
  /** Environments whose edges must learn of it. */
  publish: string[];
}

export interface Circumstances {
  project: string;
  view: ProjectView;
  actor: Actor;
  /** Other roles than the actor's one, which is the least of them. */
  grants?: Grants | undefined;
  comment: string;
  /** The revision this command becomes. */
  revision: number;
  /** Epoch milliseconds. */
  now: number;
  ifVersion: number | undefined;
  /** For commands on a long list: what it would become. */
  list?: ListDraft | null;
  /**
   * The changes made after a revision, oldest first; null: there is no such revision; "too-long": one command may not go
   * through so many. They may not fit the memory.
   *
   * @param key only those of documents of this key are needed; others may come as well
   */
  historySince: (revision: number, key?: string) => Iterable<Change> | "too-long" | null;
  /** The changes of one revision; null: there is no such revision. */
  historyOf: (revision: number) => readonly Change[] | null;
}

/** What the actor may do, and where. */
export const actorsAuthority = ({ actor: { role }, grants }: Pick<Circumstances, "actor" | "grants">): Authority => ({
  role,
  grants,
});

export function decision(changes: Change[], publish: string[]): Result<Decision> {
  for (const { after } of changes) {
    const actual = after === null ? 0 : jsonBytes(after);
    if (actual > LIMITS.documentBytes)
      return reject({ code: "limit-exceeded", limit: "documentBytes", max: LIMITS.documentBytes, actual });
  }
  return { ok: true, value: { changes, publish: changes.length === 0 ? [] : [...new Set(publish)] } };
}

function jsonBytes(value: unknown): number {
  const text = JSON.stringify(value);
  // Three bytes a character are the most there can be: small ones need no encoding to be known as small.
  return text.length * 3 <= LIMITS.documentBytes ? text.length : new TextEncoder().encode(text).byteLength;
}

export const environmentKeys = (view: ProjectView): string[] => view.list("environment").map((row) => row.key);

/** What a command would write could not be read back: `decide` turns it into a rejection. */
export class UnreadableDocument extends Error {
  override name = "UnreadableDocument";
  readonly issues: FieldIssue[];

  constructor(place: string, error: z.ZodError) {
    super(`${place} does not pass its schema`);
    this.issues = fieldIssues(error).map(({ field, message }) => ({ field: `${place}.${field}`, message }));
  }
}

/**
 * A change of one document, or none when it would stay as it is. The new body passes its schema: what cannot be read
 * back is never written, and fields stand in the schema's order, so that equal documents are equal text.
 *
 * @throws UnreadableDocument when it does not: put together of parts that fit alone, or stored before a rule came in
 */
export function change<E extends Entity>(
  entity: E,
  environment: string,
  key: string,
  before: Body<E> | null,
  after: Body<E> | null,
): Change[] {
  const settled = after && readable(entity, environment, key, after);
  if (JSON.stringify(before) === JSON.stringify(settled)) return [];
  return [{ entity, environment, key, before, after: settled } as Change];
}

function readable<E extends Entity>(entity: E, environment: string, key: string, body: Body<E>): Body<E> {
  const parsed = ENTITIES[entity].safeParse(body);
  if (parsed.success) return parsed.data as Body<E>;
  throw new UnreadableDocument(
    environment === "" ? `${entity}s.${key}` : `${entity}s.${environment}.${key}`,
    parsed.error,
  );
}

/** The lost race: the writer named a version and the document has moved on. */
export function versionConflict(
  what: string,
  row: Row<Entity> | null,
  ifVersion: number | undefined,
): Rejection | null {
  if (ifVersion === undefined || (row?.version ?? 0) === ifVersion) return null;
  return { code: "version-conflict", what, expected: ifVersion, actual: row?.version ?? 0 };
}

export function overLimit(limit: keyof typeof LIMITS, actual: number): Rejection | null {
  const max = LIMITS[limit];
  return actual > max ? { code: "limit-exceeded", limit, max, actual } : null;
}

/** A live flag, in an environment that there is; refused when the asker may not change it. */
export function changeableFlag(
  { environment, flag: key }: { environment: string; flag: string },
  c: Circumstances,
): Result<Row<"flag">> {
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const flag = liveFlag(c.view, key);
  if (!flag.ok) return flag;
  const forbidden = mayChange(actorsAuthority(c), environment, flag.value.body.purpose);
  return forbidden ? reject(forbidden) : flag;
}

/**
 * The document of a flag in one environment that a command would change, null while there is none; refused when the
 * flag or the race is lost, or when the asker may not.
 */
export function flagDocument<E extends "guard" | "plan">(
  entity: E,
  place: { environment: string; flag: string },
  c: Circumstances,
): Result<{ flag: Row<"flag">; row: Row<E> | null }> {
  const flag = changeableFlag(place, c);
  if (!flag.ok) return flag;
  const { environment, flag: key } = place;
  const row = c.view.get(entity, environment, key);
  const refused = versionConflict(`${entity} of "${key}" in ${environment}`, row, c.ifVersion);
  return refused ? reject(refused) : { ok: true, value: { flag: flag.value, row } };
}

export function liveFlag(view: ProjectView, flag: string): Result<Row<"flag">> {
  const row = view.get("flag", "", flag);
  if (!row) return reject({ code: "flag-not-found", flag });
  if (row.body.archivedAt) return reject({ code: "flag-archived", flag });
  return { ok: true, value: row };
}
