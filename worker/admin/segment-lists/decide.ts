import { LIMITS } from "../../../shared/limits.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  environmentKeys,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import type { Body } from "../../objects/flag-store/entities.ts";
import { type Result, reject } from "../../result.ts";

/** Replaces a segment's long list, or adds and removes keys. */
export function writeList(command: CommandOf<"putList"> | CommandOf<"patchList">, c: Circumstances): Result<Decision> {
  const { segment } = command;
  if (!c.view.get("segment", "", segment)) return reject({ code: "segment-not-found", segment });
  const row = c.view.get("list", "", segment);
  const conflict = versionConflict(`list of the segment "${segment}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  const { list: draft } = c;
  if (!draft) {
    const message = "the upload is unknown or was given up; send the list again";
    return reject({ code: "invalid", issues: [{ field: "upload", message }] });
  }
  const count = draft.sizes.reduce((sum, size) => sum + size, 0);
  const max = LIMITS.segmentListKeys;
  if (count > max) return reject({ code: "limit-exceeded", limit: "segmentListKeys", max, actual: count });
  if (!row && c.view.count("list") >= LIMITS.segmentListsPerProject) {
    const most = LIMITS.segmentListsPerProject;
    return reject({ code: "limit-exceeded", limit: "segmentListsPerProject", max: most, actual: most + 1 });
  }
  const kept = row && row.body.salt === draft.salt && row.body.shards.length === draft.sizes.length ? row.body : null;
  const { salt, version } = draft;
  const shards = draft.sizes.map((size, shard) => {
    if (size === 0) return "";
    return kept && !draft.changed.has(shard) ? (kept.shards[shard] ?? version) : version;
  });
  if (kept && JSON.stringify(kept.shards) === JSON.stringify(shards)) return decision([], []);
  const after: Body<"list"> = { salt, version, count, shards };
  return decision(change("list", "", segment, row?.body ?? null, after), environmentKeys(c.view));
}

export function deleteList(command: CommandOf<"deleteList">, c: Circumstances): Result<Decision> {
  const { segment } = command;
  if (!c.view.get("segment", "", segment)) return reject({ code: "segment-not-found", segment });
  const row = c.view.get("list", "", segment);
  if (!row) return reject({ code: "list-not-found", segment });
  const conflict = versionConflict(`list of the segment "${segment}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  return decision(change("list", "", segment, row.body, null), environmentKeys(c.view));
}
