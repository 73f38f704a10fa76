import type { z } from "zod";
import type { LIMITS } from "../../../shared/limits.ts";
import type { Role } from "../../../shared/schema/admin.ts";
import type { Purpose } from "../../../shared/schema/flag.ts";

/** One thing that a set of changes does, and the least role that may do it. */
export interface Right {
  needs: Role;
  /** Where it stands in the document of an export, such as `environments.qa`, or the field of the request. */
  field: string;
  /** What would be done, as the subject and verb of a sentence. */
  what: string;
}

/** What a command changes about one document; `null` before: made, `null` after: removed. */
export interface DocumentChange<B> {
  environment: string;
  key: string;
  before: B | null;
  after: B | null;
}

/** A live flag, no test, that depends on another one. */
export interface Dependant {
  key: string;
  purpose: Purpose;
}

/** What rules need to know of the project beyond the document that changes; read when a rule first asks. */
export interface ProjectFacts {
  /** The actor has engineers' rights: no rule needs to look for what lacks no more than those. */
  engineers: boolean;
  /** What a flag is for, before and after the changes. */
  purposesOf(flag: string): Purpose[];
  /** Live flags, no tests, that depend on a flag in an environment (null: in any), also through others. */
  dependantsOf(environment: string | null, flag: string): Dependant[];
  /** The body of another document as it stands before the changes; null when there is none. */
  before(entity: string, environment: string, key: string): unknown;
  /** Whether the changes take back a release that runs by its plan; one that has ended starts anew by another state. */
  isRolledBack(environment: string, flag: string): boolean;
}

/** A kind of document that a project consists of. */
export interface EntityDefinition<S extends z.ZodType = z.ZodType> {
  /** Parsed when a document is written, and again when it is read from SQLite. */
  schema: S;
  /** What it belongs to. A document of the project has the environment "". */
  scope: "project" | "environment";
  /** What becomes of its documents when their environment or their project is deleted. */
  whenDeleted: "removed" | "kept";
  /** How many there may be, in an environment where the limit's name says so: what a backup that was made up is held to. */
  limit?: keyof typeof LIMITS;
  /** The rights that a change of one document needs. */
  rights(change: DocumentChange<z.infer<S>>, facts: ProjectFacts): readonly Right[];
}

/** A kind of document, under the name that it is stored with. */
export const defineEntity = <S extends z.ZodType>(definition: EntityDefinition<S>): EntityDefinition<S> => definition;

/** The same role for whatever happens to a document. */
export const only =
  (needs: Role, noun: string, field: string) =>
  (change: DocumentChange<unknown>): readonly Right[] => [
    { needs, field: `${field}.${change.key}`, what: `${noun} "${change.key}" ${fate(change)}` },
  ];

export const fate = ({ before, after }: { before: unknown; after: unknown }): string =>
  before === null ? "would be created" : after === null ? "would be deleted" : "would be changed";
