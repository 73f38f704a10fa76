import { LIMITS } from "../../../../shared/limits.ts";
import { ownOf } from "../../../../shared/own.ts";
import type { BackupRow } from "../../../../shared/schema/backup.ts";
import { parseKeyName, parseSlug } from "../../../../shared/schema/names.ts";
import type { EntityDefinition } from "../../../admin/kernel/define-entity.ts";
import type { Rejection } from "../../../result.ts";
import { overLimit } from "../decide/decision.ts";
import { type Body, ENTITY_DEFINITIONS } from "../entities.ts";

export type DocumentRow = Extract<BackupRow, { row: "document" }>;

/** Whether a document stands where commands could have put it. Keys in KV and of other objects are made of its names. */
export function isNamed({ entity, environment, key }: DocumentRow): boolean {
  if (environment !== "" && parseSlug(environment) === null) return false;
  return (entity === "project" || entity === "environment" ? parseSlug(key) : parseKeyName(key)) !== null;
}

/** Restores that a project may see. Numbers above have no next one that JSON holds, and edges never go back. */
export const MOST_EPOCH = 1_000_000_000;
/** Changes that one document may see, for the same reason. */
const MOST_VERSIONS = 1_000_000_000;

/** Whether nothing of a document claims a later revision: a kill's decides which kill is served, and when it is lifted. */
export function isOfThePast({ entity, version, revision }: DocumentRow, body: unknown, latest: number): boolean {
  const claimed = [revision];
  if (entity === "kill") {
    const kill = body as Body<"kill">;
    claimed.push(kill.revision, kill.clearedRevision ?? 0);
  }
  return version >= 1 && version <= MOST_VERSIONS && claimed.every((one) => one >= 0 && one <= latest);
}

/** Holds a backup's documents to the limits that commands keep: it may have been made up. */
export class DocumentLimits {
  readonly #counts = new Map<string, number>();

  add({ entity, environment, body }: DocumentRow, parsed: unknown): Rejection | null {
    const tooLarge = overLimit("documentBytes", body.length * 3 <= LIMITS.documentBytes ? 0 : utf8Bytes(body));
    const limit = ownOf<EntityDefinition>(ENTITY_DEFINITIONS, entity)?.limit;
    // What is over is shown for a while, and not counted.
    if (tooLarge || !limit || (entity === "schedule" && (parsed as Body<"schedule">).status !== "pending"))
      return tooLarge;
    const place = limit.endsWith("PerEnvironment") ? `${limit} ${environment}` : limit;
    const count = (this.#counts.get(place) ?? 0) + 1;
    this.#counts.set(place, count);
    return overLimit(limit, count);
  }
}

const utf8Bytes = (text: string): number => new TextEncoder().encode(text).byteLength;
